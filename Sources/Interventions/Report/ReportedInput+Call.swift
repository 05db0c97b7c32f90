internal import Models
internal import Tensors

extension ReportedInput {
  /// Each example of what a run reads.
  ///
  /// - Parameters:
  ///   - decoding: Whether of pairs only the decoder's side is meant.
  ///   - touched: Positions of an example, in the encoder or where the logits are.
  static func list(
    _ inputs: ModelInputs<Float>, name: String, decoding: Bool = false,
    touched: (_ example: Int, _ inEncoder: Bool) -> [Int] = { _, _ in [] },
    inEncoder: Bool = false
  ) -> [ReportedInput] {
    func one(_ example: Int, _ ids: [Int]?, _ shape: String, _ count: Int) -> ReportedInput {
      ReportedInput(
        name: name, example: example, ids: ids, shape: shape, count: count,
        touched: touched(example, inEncoder))
    }
    func numbers(_ values: [Tensor<Float>], _ what: String) -> [ReportedInput] {
      let lengths = inputs.lengths
      return values.enumerated().map {
        one($0, nil, "\(what) \($1.shape.map(String.init).joined(separator: " x "))", lengths[$0])
      }
    }
    switch inputs {
    case .tokens(let rows), .segments(let rows, _):
      return rows.enumerated().map { one($0, $1, "", $1.count) }
    case .embeddings(let values): return numbers(values, "embeddings")
    case .images(let values): return numbers(values, "image")
    case .features(let values): return numbers(values, "sound")
    case .pairs(let read, let tokens):
      let decoder = list(.tokens(tokens), name: name, touched: touched)
      if decoding { return decoder }
      let encoder = list(
        read, name: name + ", encoder", touched: touched, inEncoder: true)
      return zip(encoder, decoder).flatMap { [$0, $1] }
    }
  }

  /// The same of another number of positions.
  func with(count: Int) -> ReportedInput {
    ReportedInput(
      name: name, example: example, ids: ids, shape: shape, count: count, touched: touched)
  }
}

extension SpecRun {
  /// Base and sources of a call, example by example, with the positions that are touched.
  func reportedInputs(_ call: InterventionCall<Float>) -> [ReportedInput] {
    let entries = setup.setup.entries
    let last = setup.setup.groupCount - 1
    func touched(
      _ example: Int, _ inEncoder: Bool, _ sides: [(entry: Int, places: UnitPlaces)]
    ) -> [Int] {
      var positions: Set<Int> = []
      for (entry, places) in sides {
        let extent = entries[entry].grid.extent
        let isHere =
          switch extent {
          case .inputs: !inEncoder
          case .encoder: inEncoder
          case .fixed, .pixels, .parts: false
          }
        if isHere { positions.formUnion(places.positions.numbers(of: example) ?? []) }
      }
      return positions.sorted()
    }
    let isSerial = setup.setup.mode == .serial
    let isOfNewTokens = spec.generate?.actsOnNewTokens ?? false
    let onBase =
      isOfNewTokens
      ? []
      : entries.indices.filter { !isSerial || entries[$0].group == last }
        .map { ($0, call.places[$0].base) }
    var lists = [
      ReportedInput.list(call.base, name: "base") { touched($0, $1, onBase) }
    ]
    for group in 0..<setup.setup.groupCount {
      guard let source = call.source(of: group) else { continue }
      var sides: [(Int, UnitPlaces)] = entries.indices.compactMap { entry in
        entries[entry].group == group ? call.places[entry].source.map { (entry, $0) } : nil
      }
      if isSerial, group > 0 {
        sides += entries.indices.filter { entries[$0].group == group - 1 }
          .map { ($0, call.places[$0].base) }
      }
      lists.append(
        ReportedInput.list(source, name: "source \(group)") { touched($0, $1, sides) })
    }
    // Example by example, the base and then its sources.
    return (0..<call.base.lengths.count).flatMap { example in
      lists.flatMap { $0.filter { $0.example == example } }
    }
  }
}
