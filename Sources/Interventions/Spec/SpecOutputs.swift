internal import Checkpoints
public import Inputs
internal import Tensors

/// The tensors that a specification's run gave, by name.
public struct SpecOutputs: Sendable {
  enum Values: Sendable {
    case floats(Tensor<Float>)
    case integers([[Int]])
  }

  private(set) var values: [(name: String, value: Values)] = []

  /// The names of all outputs, in the order in which they were made.
  public var names: [String] { values.map(\.name) }

  /// Each output with its shape, a line each.
  public var lines: [String] {
    values.map { name, value in
      switch value {
      case .floats(let tensor): "out.\(name)  float32 \(tensor.shape)"
      case .integers(let rows): "out.\(name)  int64 [\(rows.count), \(rows.first?.count ?? 0)]"
      }
    }
  }

  mutating func add(_ name: String, _ value: Tensor<Float>) {
    values.append((name, .floats(value)))
  }

  mutating func add(_ name: String, _ rows: [[Int]]) {
    values.append((name, .integers(rows)))
  }

  /// The numbers of an output with its shape.
  public func floats(_ name: String) -> (shape: [Int], elements: [Float])? {
    guard case .floats(let tensor) = values.first(where: { $0.name == name })?.value else {
      return nil
    }
    return (tensor.shape, tensor.elements)
  }

  /// The integers of an output, a row an example.
  public func integers(_ name: String) -> [[Int]]? {
    guard case .integers(let rows) = values.first(where: { $0.name == name })?.value else {
      return nil
    }
    return rows
  }

  /// Only the named outputs; refuses names that the run cannot give.
  func only(_ wanted: [String]?, in document: JSONField) throws(Refusal) -> SpecOutputs {
    guard let wanted else { return self }
    for name in wanted where !names.contains(name) {
      let near = nearest(to: name, among: names).map { "\($0) (did you mean that?)" }
      throw try document["expected"].refusal(
        "the output \(quoted(name)), which this run does not give",
        expected: near ?? "one of \(names.joined(separator: ", "))")
    }
    var chosen = SpecOutputs()
    chosen.values = values.filter { wanted.contains($0.name) }
    return chosen
  }

  /// Writes every output as `out.NAME`; the file appears when it is whole.
  public func write(to path: String) throws(Refusal) {
    var writer = SafetensorsWriter()
    for (name, value) in values {
      switch value {
      case .floats(let tensor):
        writer.add("out.\(name)", shape: tensor.shape, tensor.elements)
      case .integers(let rows):
        writer.add(
          "out.\(name)", shape: [rows.count, rows.first?.count ?? 0], rows.flatMap(\.self))
      }
    }
    try writer.write(to: path)
  }
}
