internal import Autodiff
internal import Inputs
internal import Tensors

/// How a specification trains: steps over batches in turn, an optimiser and its schedules.
struct TrainSpec {
  enum Algorithm: String, CaseIterable {
    case adam = "Adam"
    case adamW = "AdamW"
    case sgd = "SGD"
  }

  let target: InterventionSpec.Target
  let steps: Int
  let batches: [JSONField]
  /// By step; nil: temperatures stay.
  let temperatures: [Double]?
  /// By step, a factor of every rate.
  let factors: [Double]?
  let boundaryWeight: Double
  /// Batches whose gradients are averaged for one step.
  let accumulation: Int
  /// Batches on which what was trained is tried at the end.
  let evaluation: [JSONField]
  private let field: JSONField
  private let algorithm: Algorithm
  private let betas: [Double]
  private let epsilon: Double
  private let momentum: Double
  private let weightDecay: Double

  private static let known = [
    "optimizer", "parameters", "groups", "lr", "steps", "temperatures", "boundary_weight",
    "lr_factors", "batches", "betas", "eps", "momentum", "weight_decay",
    "gradient_accumulation_steps", "evaluate",
  ]

  init(_ field: JSONField) throws(Refusal) {
    self.field = field
    try field.refuseUnknownKeys(known: Self.known)
    algorithm = try field.optional("optimizer")?.choice() ?? .adam
    target = try field.optional("parameters")?.choice() ?? .interventions
    steps = try field["steps"].int(in: 1...1 << 24)
    batches = try field["batches"].items()
    guard !batches.isEmpty else {
      throw try field["batches"].refusal("no batch", expected: "one at least")
    }
    temperatures = try Self.schedule(field, "temperatures", steps)
    factors = try Self.schedule(field, "lr_factors", steps)
    if let bad = temperatures?.first(where: { $0 <= 0 }) {
      throw try field["temperatures"].refusal("\(bad)", expected: "numbers above 0")
    }
    boundaryWeight = try field.optional("boundary_weight")?.double() ?? 0
    accumulation = try field.optional("gradient_accumulation_steps")?.int(in: 1...1 << 20) ?? 1
    evaluation = try field.optional("evaluate")?.items() ?? []
    betas = try field.optional("betas")?.numbers() ?? [0.9, 0.999]
    guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else {
      throw try field["betas"].refusal("\(betas)", expected: "two numbers from 0 to below 1")
    }
    epsilon = try field.optional("eps")?.double() ?? 1e-8
    momentum = try field.optional("momentum")?.double() ?? 0
    weightDecay = try field.optional("weight_decay")?.double() ?? 0
    for key in ["betas", "eps"] where algorithm == .sgd {
      if let given = try field.optional(key) {
        throw given.refusal("\(key) for SGD", expected: "null: SGD has none")
      }
    }
    if algorithm != .sgd, let given = try field.optional("momentum") {
      throw given.refusal("momentum for \(algorithm.rawValue)", expected: "null, or SGD")
    }
  }

  private static func schedule(
    _ field: JSONField, _ key: String, _ steps: Int
  ) throws(Refusal) -> [Double]? {
    guard let given = try field.optional(key) else { return nil }
    let numbers = try given.numbers()
    guard numbers.count == steps else {
      throw given.refusal("\(numbers.count) numbers", expected: "\(steps), one for each step")
    }
    return numbers
  }

  /// The numbers of the batches of a step: in turn, from where the step before stopped.
  func batches(of step: Int) -> [Int] {
    (0..<accumulation).map { (step * accumulation + $0) % batches.count }
  }

  /// What to say of a number of a step that is not finite.
  func notFinite(_ what: String, step: Int) -> Refusal {
    field.refusal("\(what) before step \(step)", expected: "a finite loss: a smaller lr may help")
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
    if let given = try field.optional("groups") {
      for item in try given.items() {
        try item.refuseUnknownKeys(known: ["names", "lr", "weight_decay"])
        var listed: [Int] = []
        for name in try item["names"].items() where !still.contains(try name.string()) {
          listed.append(try place(name, names, taken: order + listed))
        }
        order += listed
        let decay = try item.optional("weight_decay")?.double() ?? weightDecay
        groups.append(
          ParameterGroup(
            count: listed.count, rate: try rate(item), weightDecay: decay))
      }
    } else {
      order = Array(names.indices)
      groups = [ParameterGroup(count: names.count, rate: try rate(field), weightDecay: weightDecay)]
    }
    guard !order.isEmpty else {
      throw field.refusal("nothing that can be trained", expected: "a trainable intervention")
    }
    let optimizer: any Optimizer<Float> =
      switch algorithm {
      case .adam, .adamW:
        Adam<Float>(
          groups, meanKeep: betas[0], squareKeep: betas[1], epsilon: epsilon,
          decay: algorithm == .adam ? .coupled : .decoupled)
      case .sgd: GradientDescent<Float>(groups, momentum: momentum)
      }
    return (optimizer, order)
  }

  private func rate(_ place: JSONField) throws(Refusal) -> Double {
    let field = try place["lr"]
    let rate = try field.double()
    guard rate >= 0 else { throw field.refusal("\(rate)", expected: "at least 0") }
    return rate
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
