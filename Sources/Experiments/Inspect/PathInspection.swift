internal import Checkpoints
internal import Foundation
public import Inputs
internal import Interventions
internal import JobFiles
internal import Lenses
internal import Models
internal import ResultsStore
internal import Tokenizers

/// What a file or folder holds, or why it is refused; reads headers and runs nothing.
public struct PathInspection {
  /// A heading, then what is inside; what came from a file is escaped.
  public let lines: [String]

  /// The largest content of a zstd frame that is looked through.
  private static let frameLimit = 64 << 20

  /// By the name's ending: a job, an archive, a tokenizer, tensors, JSON lines; by its first bytes a
  /// file whose name tells nothing; a folder is a run, a store, a lens, saved interventions or a model.
  ///
  /// - Throws: A refusal that names file, field, what was found and what was expected.
  public init(_ path: String) throws(Refusal) {
    let name = path.lowercased()
    // Jobs in YAML are what others have: they get the job's refusal, not a model's.
    if [".toml", ".yaml", ".yml"].contains(where: name.hasSuffix) {
      lines = try Self.job(path)
    } else if ["tokenizer.json", "tokenizer.model", ".tiktoken"].contains(where: name.hasSuffix) {
      lines = try Self.tokenizer(path, vocabulary: nil)
    } else if name.hasSuffix(".zst") {
      lines = try Self.frame(path)
    } else if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
      lines = try Self.jsonLines(path)
    } else if name.hasSuffix(".json") {
      lines = try Self.json(path)
    } else if let own = try SpecInspection.lines(ofFolder: path) {
      lines = own
    } else if Self.exists("\(path)/spec.json") {
      lines = try Self.run(path)
    } else if Self.exists("\(path)/zarr.json") {
      lines = try Self.store(path)
    } else if name.hasSuffix(".safetensors") || name.hasSuffix(".npy") {
      lines = try Inspection(path).lines
    } else if [".bin", ".pt", ".pth"].contains(where: name.hasSuffix) {
      lines = try Self.archive(path)
    } else if Self.beginsAsSafetensors(path) {
      lines = Inspection(try SafetensorsFile(path)).lines
    } else {
      switch Self.contents(ofFolder: path) {
      case .lens: lines = try Self.lens(path)
      case .interventions: lines = try Self.interventions(path)
      case .model: lines = try Self.model(path)
      }
    }
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  /// Whether a file has the length of a header, which it has room for, and JSON's first character:
  /// tensors by any name, as `intervene -o` writes them.
  private static func beginsAsSafetensors(_ path: String) -> Bool {
    guard !path.lowercased().hasSuffix(".gguf"), let file = try? BoundedFile(path, kind: .model),
      file.size > 9, let head = try? file.bytes(at: 0, count: 9)
    else { return false }
    return head[8] == UInt8(ascii: "{") && head.littleEndian(UInt64.self, at: 0) <= file.size - 8
  }

  private enum FolderContents { case model, lens, interventions }

  /// What a folder's `config.json` is of; what is no JSON is left to a model's refusal.
  private static func contents(ofFolder path: String) -> FolderContents {
    guard let config = try? JSONField.load("\(path)/config.json", kind: .model, limit: 64 << 20),
      case .object(let object) = config.value
    else { return .model }
    if object["lens_type"] != nil { return .lens }
    return object["representations"] != nil ? .interventions : .model
  }

  private static func lens(_ path: String) throws(Refusal) -> [String] {
    let folder = try TunedLensFolder(reading: path)
    let lens = folder.lens
    let hasBias = lens.translators.contains { $0.bias != nil }
    return [
      "\(escaped(path)): tuned lens of \(quoted(lens.model)), \(lens.translators.count) translators of "
        + "width \(lens.width)\(hasBias ? " with biases" : ""), digest \(folder.digest)"
    ]
  }

  private static func interventions(_ path: String) throws(Refusal) -> [String] {
    let folder = try PyveneFolder(reading: path)
    let count = folder.representations.count
    let model = folder.modelType.map { ", of \(escaped($0))" } ?? ""
    var lines = [
      "\(escaped(path)): \(count) saved intervention\(count == 1 ? "" : "s"), "
        + folder.mode.rawValue + model
    ]
    for (number, one) in folder.representations.enumerated() {
      let unit = escaped(one.unit) + (one.maxUnits > 1 ? " x \(one.maxUnits)" : "")
      let words = [
        "\(number)", "layer \(one.layer)", escaped(one.component), unit,
        one.interventionType.rawValue + (one.interventionType.isTrainable ? ", trained" : "")
          + (one.hasConstantSource ? ", with its source" : ""),
      ]
      lines.append("  " + words.joined(separator: "  "))
      for (name, tensor) in one.state.sorted(by: { $0.key < $1.key }) {
        lines.append("       \(escaped(name))  \(tensor.shape)")
      }
    }
    return lines
  }

  /// Counts the lines, and how many of them have each key.
  private static func jsonLines(_ path: String) throws(Refusal) -> [String] {
    var (count, keys): (Int, [String: Int]) = (0, [:])
    _ = try DataFile.read(path, .lines) { field in
      count += 1
      if case .table(let table) = field.value.content {
        for key in table.keys { keys[key, default: 0] += 1 }
      }
    }
    return ["\(escaped(path)): JSON lines, \(count)"]
      + keys.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(50).map {
        "  \(escaped($0.key))  in \($0.value)"
      }
  }

  private static func job(_ path: String) throws(Refusal) -> [String] {
    if SpecDocument.isSpecification(path) {
      return try SpecInspection.lines(try SpecDocument.read(path))
    }
    let document = try JobDocument(reading: path)
    let spec = try JobKind(of: document).experiment.specification(document)
    return ["\(escaped(path)): job, digest \(spec.digest)"]
      + spec.toml.split(separator: "\n").map(String.init)
  }

  private static func json(_ path: String) throws(Refusal) -> [String] {
    let name = path.split(separator: "/").last ?? ""
    // The files of a model folder, which may be larger than a job.
    if name == "config.json" || name.hasSuffix(".index.json") {
      let parent = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
      if name == "config.json", contents(ofFolder: parent) == .interventions {
        return try interventions(parent)
      }
      let document = try JSONField.load(path, kind: .model)
      return ["\(escaped(path)): JSON, an object of \(try document.object().members.count)"]
    }
    let document = try JSONField.load(path, kind: .job, limit: JobDocument.sizeLimit)
    if SpecDocument.isSpecification(document.value) { return try SpecInspection.lines(document) }
    if case .object(let object) = document.value, object["kind"] != nil { return try job(path) }
    return ["\(escaped(path)): JSON, \(document.value.kindName)"]
  }

  private static func tokenizer(
    _ path: String, vocabulary: Int?
  ) throws(Refusal) -> [String] {
    let tokenizer = try ModelTokenizer.open(path, vocabulary: vocabulary)
    return ["\(escaped(path)): \(tokenizer.form), \(tokenizer.count) tokens, \(tokenizer.digest)"]
      + tokenizer.notes.map { "note: \($0)" }
  }

  /// A PyTorch archive, every storage compared with its CRC-32.
  private static func archive(_ path: String) throws(Refusal) -> [String] {
    let file = try PyTorchFile(path)
    for tensor in file.tensors.values.sorted(by: { $0.offset < $1.offset }) {
      try file.verify(tensor)
    }
    return Inspection(file).lines
  }

  /// A journal of a run, or any other file of one zstd frame.
  private static func frame(_ path: String) throws(Refusal) -> [String] {
    let file = try BoundedFile(path, kind: .store)
    if JournalHeader.begins(try file.bytes(at: 0, count: min(file.size, 12))) {
      return try journal(file)
    }
    do throws(Refusal) {
      let count = try Zstd.check(file, limit: frameLimit)
      return ["\(escaped(path)): one zstd frame, \(file.size) bytes of \(count)"]
    } catch { throw error.inFile(path) }
  }

  private static func journal(_ file: BoundedFile) throws(Refusal) -> [String] {
    let header = try JournalHeader.of(file)
    let scan = try JournalScan(file.path, job: header.job)
    if let damage = scan.findings.first(where: { $0.kind == .damage }) {
      throw Refusal(
        .store, file: file.path, field: "byte \(damage.offset)",
        found: "\(damage.count) damaged bytes (\(damage.cause))", expected: "whole records")
    }
    return [
      "\(escaped(file.path)): journal of rank \(header.rank), attempt \(header.attempt), "
        + "\(scan.records.count) records of job \(escaped(header.job))"
    ] + scan.findings.map(\.description)
  }

  /// A model: its files, its shape checked against them, and its tokenizer where it has one.
  private static func model(_ path: String) throws(Refusal) -> [String] {
    let opened = try OpenedModel(path)
    let checkpoint = opened.checkpoint
    var lines = Inspection(checkpoint).lines
    var vocabulary = Int(Int32.max)
    if case .decoder(let model) = opened.contents {
      let shape = model.shape
      lines.append(
        "model: \(model.family.modelType), \(shape.layers) layers, width \(shape.width), "
          + "\(shape.heads) heads over \(shape.keyHeads), \(shape.vocabulary) tokens")
      vocabulary = shape.vocabulary
    } else {
      lines.append("model: \(opened.kind)")
    }
    lines += opened.notes.map { "note: \($0)" }
    if let tokenizer = try ModelTokenizer.open(nil, beside: checkpoint, vocabulary: vocabulary) {
      lines.append("tokenizer: \(tokenizer.form), \(tokenizer.count) tokens")
      lines += tokenizer.notes.map { "note: \($0)" }
    } else if case .decoder = opened.contents {
      lines.append("tokenizer: none; prompts must come as token ids")
    }
    return lines
  }
}
