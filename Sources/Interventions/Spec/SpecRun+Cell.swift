internal import Autodiff
internal import Foundation
package import Inputs
package import JobFiles
package import Models
package import Tensors

/// A specification's run as one of many.
extension SpecRun {
  /// The names of a specification's fields, with what the manual says of them.
  package static func fields() throws(Refusal) -> [(name: String, says: String)] {
    try InterventionSpec.manual().entries.map { ($0.key, $0.says) }
  }

  /// The fields by which interventions are said, of which every specification has one.
  package static let interventionFields = ["representations", "saved_directory", "config"]

  /// The file of a specification's tensors that names none; nil where that is not there.
  package static func tensorFile(beside document: String) -> String? {
    let path = SpecTensors.path(beside: document)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The files of tensors that a specification names by their paths, and that are there.
  ///
  /// - Parameter layers: How many layers its model has, for paths that leave theirs open.
  package static func tensorFiles(in document: JSONField, layers: Int) -> [String] {
    let folder = URL(fileURLWithPath: document.file).deletingLastPathComponent()
    func files(_ value: JSON) -> [String] {
      switch value {
      case .string(let text):
        guard let path = TensorPath(text)?.path else { return [] }
        let isOpen = path.contains(LayerText.mark)
        let paths = isOpen ? (0..<layers).map { LayerText.filled(path, $0) } : [path]
        return paths.map { URL(fileURLWithPath: $0, relativeTo: folder).path }
          .filter { FileManager.default.fileExists(atPath: $0) }
      case .array(let items): return items.flatMap(files)
      case .object(let object): return object.members.flatMap { files($0.value) }
      case .null, .bool, .number: return []
      }
    }
    return Set(files(document.value)).sorted()
  }

  /// The layers in which every representation can stand whose layer is `"all"`.
  package static func layersOfAll(
    in document: JSONField, on model: any TrainableModel<Float>
  ) throws(Refusal) -> [Int] {
    try LayerExpansion(model: model).layersOfAll(in: document)
  }

  /// The `config.json` that a specification names, if it names one.
  package static func configFile(of document: JSONField) throws(Refusal) -> String? {
    guard let config = try document.optional("config") else { return nil }
    let folder = URL(fileURLWithPath: document.file).deletingLastPathComponent()
    return SavedInterventions.configFile(
      URL(fileURLWithPath: try config.string(), relativeTo: folder).path)
  }

  /// What a run comes to, before it is run.
  package struct Extent: Sendable, Equatable {
    /// Positions of each example that results are of; of a training, none.
    package var lengths: [Int] = []
    /// Rows that go through the whole model, at most.
    package var rows = 0
    /// Rows of the largest single pass, and its longest example.
    package var largest = 0
    package var longest = 0
    /// Steps of a training, and whether it is tried at its end.
    package var steps = 0
    package var evaluates = false
    /// New tokens of each example.
    package var newTokens = 0
    /// Whether gradients are taken.
    package var goesBack = false
  }

  /// Reads everything that the run will read, and refuses what it would refuse.
  package func extent() throws(Refusal) -> Extent {
    try told { () throws(Refusal) in try checkedExtent() }
  }

  private func checkedExtent() throws(Refusal) -> Extent {
    try checkExpected()
    if let collecting = setup.setup.entries.indices.first(where: {
      setup.setup.intervention(of: $0).isCollecting
    }) {
      throw setup.representations[collecting].field.refusal(
        "a collecting intervention in a grid",
        expected: "none: a job of kind dump keeps activations")
    }
    if let soft = spec.generate?.soft {
      throw soft.place.refusal("a soft generation in a grid", expected: "none: tokens are stored")
    }
    if let own = spec.train?.evaluation.first(where: { !$0.objective.hasLabels }) {
      throw own.call.place.refusal(
        "an evaluation without labels in a grid", expected: "a loss of labels, of which accuracy is"
      )
    }
    if let evaluation = spec.train?.evaluation, let first = evaluation.first, !spec.hasAccuracy {
      throw first.call.place.refusal(
        "an evaluation without labels in a grid", expected: "labels: its accuracy is stored")
    }
    var run = self
    run.options.onlyReads = true
    let seen = try run.all().seen
    var extent = Extent()
    (extent.newTokens, extent.steps) = (seen.newTokens, spec.train?.steps ?? 0)
    extent.evaluates = spec.train?.evaluation.isEmpty == false
    extent.goesBack = seen.gradientPasses > 0
    for call in seen.calls { extent.add(call.repeated(seen.beams)) }
    if spec.kind == .train {
      extent.rows = extent.rows * seen.steps / max(1, seen.calls.count)
    } else if let call = seen.calls.first {
      extent.lengths = spec.kind == .generate ? call.base.lengths : rows(call.base)
      // The base runs unchanged and changed.
      if spec.kind.isForward { extent.rows += call.base.positionCount }
      extent.rows += 2 * seen.newTokens * seen.beams * extent.lengths.count
    }
    for number in seen.compared {
      extent.rows += seen.calls[number].base.extents.inputs.reduce(0, +)
    }
    return extent
  }

  /// The rows of a forward pass' logits that are its answers, one of each example.
  ///
  /// - Parameters:
  ///   - position: From the start, or where it is negative from the end; nil: the last, or of a masked
  ///     model the one that `mask` stands at. Of a classifier, whose answer has no position, nil.
  ///   - place: Where the position stands, for refusals.
  private func answerRows(
    _ base: ModelInputs<Float>, at position: Int?, orMask mask: Int?, _ place: JobPlace
  ) throws(Refusal) -> [Int] {
    let lengths = rows(base)
    if kind == .classifier {
      guard position == nil else {
        throw place.refusal(
          "a position of a classifier's answer", expected: "none: there is one for each example")
      }
      return Array(lengths.indices)
    }
    var masked: [Int]?
    if position == nil, isMasked, let mask, case .tokens(let ids) = base {
      masked = try ids.indices.map { (example) throws(Refusal) in
        let found = ids[example].indices.filter { ids[example][$0] == mask }
        guard found.count == 1 else {
          throw place.refusal(
            "\(found.count) masks in example \(example), and no position",
            expected: "one mask, or a position")
        }
        return found[0]
      }
    }
    var (places, start) = ([Int](), 0)
    // Positions that are said count the padding before an example's own.
    let padding = masked == nil ? try inputs.paddingBefore(spec.call.base) : []
    for (example, length) in lengths.enumerated() {
      let own = masked?[example] ?? position ?? -1
      let before = padding.isEmpty ? 0 : padding[example]
      guard own < 0 ? -own <= length : (before..<before + length).contains(own) else {
        throw place.refusal(
          "position \(own)", expected: "one that a prompt of \(length) tokens has")
      }
      places.append(start + (own < 0 ? length + own : own - before))
      start += length
    }
    return places
  }

  /// Refuses what `logits(at:orMask:)` could not read.
  package func checkPlaces(
    _ position: Int?, orMask mask: Int?, at place: JobPlace
  ) throws(Refusal) {
    let call = try told { () throws(Refusal) in try self.call(spec.call) }
    _ = try answerRows(call.base, at: position, orMask: mask, place)
  }

  /// Logits of a forward pass at one position of each example, `[examples, classes]`, unchanged and
  /// with the interventions. The parameters are those that `checkPlaces` has accepted.
  package func logits(
    at position: Int?, orMask mask: Int?
  ) throws(Refusal) -> (original: Tensor<Float>, changed: Tensor<Float>) {
    let call = try told { () throws(Refusal) in try self.call(spec.call) }
    let run = InterventionRun(model, setup.setup, isNaive: options.isNaive)
    let result = run(call, on: Tape(), wantsOriginal: true)
    guard let original = result.original else { preconditionFailure("no unchanged run") }
    let places = try answerRows(
      call.base, at: position, orMask: mask, JobPlace(file: spec.place.file))
    return (original.value.gathered(places), result.logits.value.gathered(places))
  }

  /// New tokens of each example, unchanged and with the interventions.
  package func continuations() throws(Refusal) -> (original: [[Int]], changed: [[Int]]) {
    let outputs = try callAsFunction()
    func new(_ name: String) -> [[Int]] {
      zip(outputs.integers(name) ?? [], outputs.promptLengths ?? []).map {
        Array($0.dropFirst($1))
      }
    }
    return (new("original.ids"), new("intervened.ids"))
  }
}

extension SpecRun.Extent {
  fileprivate mutating func add(_ call: InterventionCall<Float>) {
    let all = [call.base] + call.sources.compactMap(\.self)
    for inputs in all {
      let (extents, own) = (inputs.extents, inputs.positionCount)
      rows += own
      largest = max(largest, own)
      longest = max(longest, extents.inputs.max() ?? 0, extents.encoder.max() ?? 0)
    }
  }
}
