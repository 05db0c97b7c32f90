public import Inputs

/// What is in a safetensors, PyTorch, NumPy or GGUF file or a model folder, as lines of text.
public struct Inspection: Sendable, CustomStringConvertible {
  /// Sections with a heading each; what came from a file is escaped.
  public let lines: [String]

  /// The lines as one text.
  public var description: String { lines.joined(separator: "\n") }

  /// Opens the file or folder and describes it; reads no tensor.
  public init(_ path: String) throws(Refusal) {
    let name = path.lowercased()
    if name.hasSuffix(".safetensors") {
      self.init(try SafetensorsFile(path))
    } else if [".bin", ".pt", ".pth"].contains(where: name.hasSuffix) {
      self.init(try PyTorchFile(path))
    } else if name.hasSuffix(".npy") {
      self.init(try NumPyFile(path))
    } else {
      self.init(try Checkpoint(path))
    }
  }

  /// Describes a safetensors file.
  public init(_ file: SafetensorsFile) {
    lines =
      ["\(escaped(file.path)): safetensors"]
      + Self.section(
        "metadata", file.metadata.sorted { $0.key < $1.key }.map { [$0.key, $0.value] })
      + Self.tensors(of: file)
  }

  /// Describes a PyTorch file.
  public init(_ file: PyTorchFile) {
    lines = ["\(escaped(file.path)): PyTorch state dict"] + Self.tensors(of: file)
  }

  /// Describes a NumPy array.
  public init(_ file: NumPyFile) {
    lines = ["\(escaped(file.path)): NumPy array"] + Self.tensors(of: file)
  }

  /// Describes a model: its configuration, its files and its tensors.
  public init(_ checkpoint: Checkpoint) {
    let title: String
    var configuration: [[String]] = []
    switch checkpoint.config {
    case .huggingFace(let config):
      title = "Hugging Face folder"
      if case .object(let object) = config.value {
        configuration = object.members.map { [$0.key, Self.text($0.value)] }
      }
    case .gguf(let metadata):
      title = "GGUF"
      configuration = metadata.entries.map { [$0.key, Self.text($0.value)] }
    }
    let files = checkpoint.files.map { [$0.path, Self.bytes($0.size)] }
    lines =
      ["\(escaped(checkpoint.path)): \(title)"] + Self.section("files", files)
      + Self.section("configuration", configuration) + Self.tensors(of: checkpoint)
      + checkpoint.notes.map { "note: \(escaped($0))" }
  }

  /// The tensors in the order of their data, and totals by element type.
  private static func tensors(of container: some TensorContainer) -> [String] {
    let ordered = container.tensors.values.sorted {
      ($0.file, $0.offset, $0.byteCount, $0.name) < ($1.file, $1.offset, $1.byteCount, $1.name)
    }
    let rows = ordered.map {
      [$0.name, "\($0.shape)", $0.elementType.name, bytes($0.byteCount)]
    }
    let totals = ElementType.allCases.compactMap { type -> [String]? in
      let tensors = ordered.filter { $0.elementType == type }
      return tensors.isEmpty ? nil : [type.name] + total(tensors)
    }
    return section("tensors", rows) + section("totals", totals + [["all"] + total(ordered)])
  }

  private static func total(_ tensors: [TensorDescription]) -> [String] {
    [
      "\(tensors.count) tensors", "\(sum(tensors.map(\.count))) elements",
      bytes(sum(tensors.map(\.byteCount))),
    ]
  }

  /// A sum that stays at the largest number: tensors that share bytes can exceed every file.
  private static func sum(_ counts: [Int]) -> Int {
    counts.reduce(0) { total, count in
      let (sum, overflow) = total.addingReportingOverflow(count)
      return overflow ? .max : sum
    }
  }

  /// A heading and rows in columns as wide as their widest cell; nothing for no rows.
  private static func section(_ heading: String, _ rows: [[String]]) -> [String] {
    let rows = rows.map { $0.map(escaped) }
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    let lines = rows.map { row in
      let cells = row.enumerated().map { column, cell in
        column == row.count - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      return "  " + cells.joined(separator: "  ")
    }
    return rows.isEmpty ? [] : [heading] + lines
  }

  private static func text(_ value: JSON) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): number.text
    case .string(let text): text
    case .array(let items) where items.count > 8: "\(items.count) items"
    case .array(let items): "[\(items.map(text).joined(separator: ", "))]"
    case .object(let object): "\(object.members.count) members"
    }
  }

  private static func text(_ value: GGUFValue) -> String {
    switch value {
    case .integer(let value): "\(value)"
    case .double(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .string(let value): value
    case .array: value.kindName
    }
  }

  /// A number of bytes in the largest decimal unit that leaves a whole part.
  private static func bytes(_ count: Int) -> String {
    let units: [(size: Int, name: String)] = [
      (1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"),
    ]
    guard let unit = units.first(where: { count >= $0.size }) else { return "\(count) bytes" }
    let tenths = count / (unit.size / 10)
    return "\(tenths / 10).\(tenths % 10) \(unit.name)"
  }
}
