internal import Autodiff
internal import Checkpoints
public import Inputs
public import Models
internal import Tensors

/// A model beside logits that another implementation computed.
public struct LogitsCheck: Sendable {
  /// The error that is accepted: `|x − y| ≤ tolerance + tolerance · |y|`.
  public static let usualTolerance = 1e-4

  private let model: OpenedModel
  private let path: String
  private let tolerance: Double

  /// - Parameters:
  ///   - path: A safetensors file with `logits` and the inputs that they are of, by the names that
  ///     transformers has for them: `input_ids`, `attention_mask` and so on, or with `input.` in front.
  public init(_ model: OpenedModel, _ path: String, tolerance: Double = Self.usualTolerance) {
    (self.model, self.path, self.tolerance) = (model, path, tolerance)
  }

  /// What came of it.
  public struct Outcome: Sendable {
    /// For a person.
    public let lines: [String]
    /// Whether every logit is within the tolerance.
    public let agrees: Bool
  }

  /// Runs the model on the file's inputs.
  ///
  /// - Throws: A refusal of a file that lacks tensors or has them of wrong shapes.
  public func callAsFunction() throws(Refusal) -> Outcome {
    let file = try SafetensorsFile(path, kind: .job)
    let recorded = try file.tensor("logits")
    let (fields, prefix) = try inputNames(file)
    let tensors = try SpecTensors(path, prefix: prefix)
    let loaded = try placed(model.load(), file, prefix)
    let reading = SpecInputs(tensors: tensors, limits: loaded.inputLimits, tokenize: nil)
    let inputs = try reading(InputFields(fields))
    try checkPositions(file, prefix, inputs)
    let width = model.classCount
    guard recorded.shape.last == width else {
      throw Refusal(
        .job, file: path, field: "logits", found: "shape \(recorded.shape)",
        expected: "\(width) numbers in each row, as the model gives")
    }
    let found = loaded.run(inputs, on: Tape(), visit: nil).value
    let rows = try rows(
      of: recorded.shape, inputs.extents[loaded.extent(of: .logits, layer: 0)], found.rows)
    return outcome(found, try file.floats("logits"), rows, width)
  }

  private static let positions = "position_ids"

  /// The model as transformers runs it on the file's inputs: a choice that it leaves open is made by
  /// whether there are position ids.
  private func placed(
    _ model: any TrainableModel<Float>, _ file: SafetensorsFile, _ prefix: String
  ) -> any TrainableModel<Float> {
    file.tensors[prefix + Self.positions] == nil ? model : model.addingPositions
  }

  /// Refuses position ids that do not count each example's positions from 0.
  private func checkPositions(
    _ file: SafetensorsFile, _ prefix: String, _ inputs: ModelInputs<Float>
  ) throws(Refusal) {
    let name = prefix + Self.positions
    guard file.tensors[name] != nil else { return }
    let lengths = inputs.lengths
    let shape = try file.tensor(name).shape
    let ids = try file.integers(name)
    let width = shape.last ?? 0
    // One row may stand for all examples.
    guard shape.count == 2, shape[0] == lengths.count || shape[0] == 1,
      lengths.allSatisfy({ $0 <= width })
    else {
      throw Refusal(
        .job, file: path, field: name, found: "shape \(shape)",
        expected: "[\(lengths.count), \(lengths.max() ?? 0)]")
    }
    for (example, length) in lengths.enumerated() {
      let row = ids.dropFirst(shape[0] == 1 ? 0 : example * width).prefix(length)
      if let (place, id) = row.enumerated().first(where: { $0 != $1 }) {
        throw Refusal(
          .job, file: path, field: "\(name)[\(example)]",
          found: "\(id) at position \(place)", expected: "\(place): positions counted from 0")
      }
    }
  }

  /// The file's inputs as a specification names them.
  private func inputNames(_ file: SafetensorsFile) throws(Refusal) -> (JSONField, prefix: String) {
    for prefix in ["", "input."] {
      var object = JSONObject()
      for key in InputFields.tensorKeys where file.tensors[prefix + key] != nil {
        _ = object.insert(.string(key), forKey: key)
      }
      try refuseUnknown(file, prefix)
      if !object.members.isEmpty {
        return (JSONField(.object(object), file: path, kind: .job), prefix)
      }
    }
    throw Refusal(
      .job, file: path, field: "input_ids", found: "no inputs",
      expected: "one of \(InputFields.tensorKeys.joined(separator: ", "))")
  }

  /// Refuses a tensor that stands among the inputs and is none.
  private func refuseUnknown(_ file: SafetensorsFile, _ prefix: String) throws(Refusal) {
    guard !prefix.isEmpty else { return }
    let known = InputFields.tensorKeys + [Self.positions]
    let names = file.tensors.keys.filter { $0.hasPrefix(prefix) }.sorted()
    if let other = names.first(where: { !known.contains(String($0.dropFirst(prefix.count))) }) {
      throw Refusal(
        .job, file: path, field: other, found: "an input that is not read",
        expected: "one of \(known.map { prefix + $0 }.joined(separator: ", "))")
    }
  }

  /// The recorded row of each of the model's; padded positions have none of these.
  private func rows(
    of shape: [Int], _ lengths: [Int], _ count: Int
  ) throws(Refusal) -> [Int] {
    if shape.count == 2, shape[0] == count { return Array(0..<count) }
    guard shape.count == 3, shape[0] == lengths.count, lengths.allSatisfy({ $0 <= shape[1] }),
      lengths.reduce(0, +) == count
    else {
      throw Refusal(
        .job, file: path, field: "logits", found: "shape \(shape)",
        expected: "[\(lengths.count), \(lengths.max() ?? 0), \(model.classCount)]")
    }
    return lengths.enumerated().flatMap { example, length in
      (0..<length).map { example * shape[1] + $0 }
    }
  }

  private func outcome(
    _ found: Tensor<Float>, _ recorded: [Float], _ rows: [Int], _ width: Int
  ) -> Outcome {
    let ours = found.elements
    var (sum, beyond, sameTop) = (0.0, 0, 0)
    var worst = (error: -1.0, row: 0, column: 0)
    for (row, other) in rows.enumerated() {
      var top = (ours: 0, theirs: 0)
      for column in 0..<width {
        let (x, y) = (Double(ours[row * width + column]), Double(recorded[other * width + column]))
        let error = abs(x - y)
        sum += error.isFinite ? error : 0
        if !(error <= tolerance + tolerance * abs(y)) { beyond += 1 }
        if !(error <= worst.error) { worst = (error, row, column) }
        if x > Double(ours[row * width + top.ours]) { top.ours = column }
        if y > Double(recorded[other * width + top.theirs]) { top.theirs = column }
      }
      if top.ours == top.theirs { sameTop += 1 }
    }
    let count = rows.count * width
    let lines =
      model.notes.map { "note: \($0)" } + [
        "\(rows.count) rows of \(width) logits",
        "largest error \(worst.error) at row \(worst.row), column \(worst.column): "
          + "\(ours[worst.row * width + worst.column]) here, "
          + "\(recorded[rows[worst.row] * width + worst.column]) there",
        "mean error \(sum / Double(max(1, count)))",
        "the largest logit is the same in \(sameTop) of \(rows.count) rows",
        beyond == 0
          ? "ok: all within \(tolerance) + \(tolerance) of the value"
          : "differs: \(beyond) of \(count) logits beyond \(tolerance) + \(tolerance) of the value",
      ]
    return Outcome(lines: lines, agrees: beyond == 0)
  }
}
