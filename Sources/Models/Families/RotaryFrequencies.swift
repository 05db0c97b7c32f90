internal import Checkpoints
internal import Foundation
internal import Inputs

/// The frequencies of rotary positions, in radians per position, for half of each head's width.
enum RotaryFrequencies {
  /// `base^(-2i/width)`. Su et al., 2021, <https://arxiv.org/abs/2104.09864>, section 3.2.2.
  static func plain(base: Double, width: Int) -> [Float] {
    stride(from: 0, to: width, by: 2).map { Float(1 / pow(base, Double($0) / Double(width))) }
  }

  /// From `rope_parameters`, or the older `rope_theta` and `rope_scaling`.
  static func from(_ config: JSONField, width: Int) throws(Refusal) -> [Float] {
    guard width % 2 == 0 else {
      throw config.refusal("a head width of \(width)", expected: "an even one, for rotary pairs")
    }
    var scaling = try config.optional("rope_parameters")
    if scaling == nil { scaling = try config.optional("rope_scaling") }
    var base = try scaling?.optional("rope_theta")
    if base == nil { base = try config.optional("rope_theta") }
    let theta = try base?.double() ?? 10_000
    guard theta > 0 else { throw config.refusal("rope_theta \(theta)", expected: "above 0") }
    let frequencies = plain(base: theta, width: width)
    guard let scaling else { return frequencies }
    var type = try scaling.optional("rope_type")
    if type == nil { type = try scaling.optional("type") }
    switch try type?.string() ?? "default" {
    case "default":
      try scaling.refuseUnknownKeys(known: ["rope_type", "type", "rope_theta"])
      return frequencies
    case "linear":
      let factor = try positiveFactor(scaling, "factor")
      return frequencies.map { $0 / factor }
    case "llama3": return try llama3(frequencies, scaling)
    case let other:
      throw scaling.refusal(
        "the rotary scaling \(quoted(other))", expected: "default, linear or llama3")
    }
  }

  /// Long wavelengths are stretched, short ones kept, those between blended: Llama 3.1's context.
  ///
  /// Grattafiori et al., 2024, <https://arxiv.org/abs/2407.21783>; constants from the model's
  /// configuration.
  private static func llama3(
    _ frequencies: [Float], _ scaling: JSONField
  ) throws(Refusal) -> [Float] {
    try scaling.refuseUnknownKeys(known: [
      "rope_type", "type", "rope_theta", "factor", "low_freq_factor", "high_freq_factor",
      "original_max_position_embeddings",
    ])
    let factor = try positiveFactor(scaling, "factor")
    let low = try positiveFactor(scaling, "low_freq_factor")
    let high = try positiveFactor(scaling, "high_freq_factor")
    let context = Float(
      try scaling["original_max_position_embeddings"].int(in: 1...Int(Int32.max)))
    guard high > low else {
      throw try scaling["high_freq_factor"].refusal("\(high)", expected: "above low_freq_factor")
    }
    return frequencies.map { frequency in
      let wavelength = 2 * Float.pi / frequency
      if wavelength < context / high { return frequency }
      if wavelength > context / low { return frequency / factor }
      let smooth = (context / wavelength - low) / (high - low)
      return (1 - smooth) * frequency / factor + smooth * frequency
    }
  }

  private static func positiveFactor(
    _ scaling: JSONField, _ key: String
  ) throws(Refusal) -> Float {
    let value = try scaling[key].double()
    guard value > 0 else { throw try scaling[key].refusal("\(value)", expected: "above 0") }
    return Float(value)
  }

  /// From a GGUF file: its base, divided by the factors that it may hold for long contexts.
  static func from(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata, width: Int
  ) throws(Refusal) -> [Float] {
    if let type = metadata.optional("llama.rope.scaling.type"), try type.string() != "none" {
      throw type.refusal(quoted(try type.string()), expected: "none")
    }
    if let rotated = metadata.optional("llama.rope.dimension_count"), try rotated.int() != width {
      throw rotated.refusal("\(try rotated.int())", expected: "the head's width, \(width)")
    }
    guard width % 2 == 0 else {
      throw Refusal(
        .model, file: metadata.file, field: "llama.attention.head_count",
        found: "a head width of \(width)", expected: "an even one, for rotary pairs")
    }
    let base = try metadata.optional("llama.rope.freq_base")?.double() ?? 10_000
    guard base > 0, base.isFinite else {
      throw Refusal(
        .model, file: metadata.file, field: "llama.rope.freq_base", found: "\(base)",
        expected: "a finite number above 0")
    }
    let frequencies = plain(base: base, width: width)
    guard let factors = checkpoint.tensors["rope_freqs.weight"] else { return frequencies }
    guard factors.count == frequencies.count else {
      throw Refusal(
        .model, file: metadata.file, field: "rope_freqs.weight", found: "shape \(factors.shape)",
        expected: "[\(frequencies.count)]")
    }
    return zip(frequencies, try checkpoint.floats("rope_freqs.weight")).map { $0 / $1 }
  }
}
