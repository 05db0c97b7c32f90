internal import Inputs

/// A family of transformers of two stacks: how its configuration is read, and what its weights and
/// modules are called.
///
/// A new family is a new file with such a value, and its name in `EncoderDecoderFamily.all`.
public struct EncoderDecoderFamily: Sendable {
  /// The families that can be read.
  public static let all: [EncoderDecoderFamily] = [t5, whisper]

  /// The family of a `model_type`.
  static func named(_ modelType: String) -> EncoderDecoderFamily? {
    all.first { $0.modelType == modelType }
  }

  /// The `model_type` of its `config.json`.
  public let modelType: String
  /// What modules of a stack are called in a model of a shape.
  let names: @Sendable (Site.Stack, DecoderShape) -> ModuleNames
  private let read: @Sendable (inout ConfigReader) throws(Refusal) -> EncoderDecoderShape

  init(
    _ modelType: String, names: @escaping @Sendable (Site.Stack, DecoderShape) -> ModuleNames,
    shape: @escaping @Sendable (inout ConfigReader) throws(Refusal) -> EncoderDecoderShape
  ) {
    (self.modelType, self.names, read) = (modelType, names, shape)
  }

  /// What the weights of a model of that shape are called in files saved with a head.
  func publishedNames(
    _ shape: EncoderDecoderShape
  ) -> (encoder: PublishedNames, decoder: PublishedNames) {
    (
      PublishedNames(modules: names(.encoder, shape.encoder)),
      PublishedNames(modules: names(.decoder, shape.decoder))
    )
  }

  /// The shape that a configuration describes.
  ///
  /// - Returns: The shape, and fields that are marks of tools.
  /// - Throws: A refusal of a wrong or unknown field.
  func shape(
    _ config: JSONField
  ) throws(Refusal) -> (shape: EncoderDecoderShape, marks: [String]) {
    var reader = ConfigReader(config)
    let shape = try read(&reader)
    return (shape, try reader.finish())
  }
}
