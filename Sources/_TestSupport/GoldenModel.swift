public import Checkpoints
public import Foundation
public import Inputs

/// A small model with the activations that its published implementation computed.
public struct GoldenModel: Sendable, CustomTestStringConvertibleName {
  public let name: String
  public let folder: URL

  public init?(_ name: String, in root: URL?) {
    guard let folder = root?.appendingPathComponent(name),
      FileManager.default.fileExists(atPath: folder.appendingPathComponent("goldens.json").path)
    else { return nil }
    self.name = name
    self.folder = folder
  }

  public func document() throws -> JSONField {
    try JSONField.load(folder.appendingPathComponent("goldens.json").path, kind: .model)
  }

  public func values() throws -> SafetensorsFile {
    try SafetensorsFile(folder.appendingPathComponent("goldens.safetensors").path)
  }

  public func tolerance() throws -> Tolerance {
    let field = try document()["tolerance"]
    return Tolerance(
      absolute: try field["atol"].double(), relative: try field["rtol"].double())
  }
}

/// Something that a parametrised test can show by its name.
public protocol CustomTestStringConvertibleName { var name: String { get } }
