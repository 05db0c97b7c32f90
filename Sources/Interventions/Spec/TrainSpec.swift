internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Tensors

/// How a specification trains: which batches make a step, and the optimiser over what it moves.
struct TrainSpec {
  let fields: TrainFields

  init(_ fields: TrainFields) { self.fields = fields }

  /// The numbers of the batches of a step: in turn, from where the step before stopped.
  func batches(of step: Int) -> [Int] {
    (0..<fields.accumulation).map {
      (step * fields.accumulation + $0) % fields.batches.count
    }
  }

  /// What to say of a number of a step that is not finite.
  func notFinite(_ what: String, step: Int) -> Refusal {
    fields.place.refusal(
      "\(what) before step \(step)", expected: "a finite loss: a smaller lr may help")
  }

  /// The optimiser over named parameters, and their places among `names` in its order.
  ///
  /// - Parameters:
  ///   - names: Everything that can be trained. All of it is, unless groups list some.
  ///   - still: What groups may list too, since it is a parameter in the reference, but has no
  ///     gradient: it stays as it is.
  func optimizer(
    over names: [String], still: [String] = []
  ) throws(Refusal) -> (optimizer: any Optimizer<Float>, order: [Int]) {
    var groups: [ParameterGroup] = []
    var order: [Int] = []
    for group in fields.groups ?? [] {
      var listed: [Int] = []
      for name in group.names where !still.contains(try name.string()) {
        listed.append(try place(name, names, taken: order + listed))
      }
      order += listed
      groups.append(
        ParameterGroup(
          count: listed.count, rate: group.rate,
          weightDecay: group.weightDecay ?? fields.weightDecay))
    }
    if fields.groups == nil, let rate = fields.rate {
      order = Array(names.indices)
      groups = [
        ParameterGroup(count: names.count, rate: rate, weightDecay: fields.weightDecay)
      ]
    }
    guard !order.isEmpty else {
      throw fields.place.refusal(
        "nothing that can be trained", expected: "a trainable intervention")
    }
    let optimizer: any Optimizer<Float> =
      switch fields.algorithm {
      case .adam, .adamW:
        Adam<Float>(
          groups, meanKeep: fields.betas[0], squareKeep: fields.betas[1],
          epsilon: fields.epsilon,
          decay: fields.algorithm == .adam ? .coupled : .decoupled)
      case .sgd: GradientDescent<Float>(groups, momentum: fields.momentum)
      }
    return (optimizer, order)
  }

  private func place(
    _ field: JSONField, _ names: [String], taken: [Int]
  ) throws(Refusal) -> Int {
    let name = try field.string()
    guard let place = names.firstIndex(of: name) else {
      let near = nearest(to: name, among: names).map { "\($0) (did you mean that?)" }
      throw field.refusal(
        quoted(name), expected: near ?? "one of \(names.prefix(20).joined(separator: ", "))")
    }
    guard !taken.contains(place) else {
      throw field.refusal("\(quoted(name)) twice", expected: "each parameter in one group")
    }
    return place
  }
}
