internal import Checkpoints
internal import Foundation
internal import Inputs

extension ConfigReader {
  /// The rotary positions that a configuration describes: `rope_parameters`, or the older
  /// `rope_theta` and `rope_scaling`, or GGUF's `rope.*`.
  ///
  /// - Parameters:
  ///   - width: Of a head.
  ///   - usual: What holds where the configuration does not say.
  ///   - layers: The kind of layers, where kinds have parameters of their own.
  ///   - key: The older field of the base.
  mutating func rotary(
    width: Int, _ usual: RotaryDefaults = RotaryDefaults(), layers: String = "full_attention",
    base key: String = "rope_theta"
  ) throws(Refusal) -> RotaryShape {
    if let gguf {
      return try rotary(
        gguf.checkpoint, gguf.metadata, gguf.architecture, width, usual)
    }
    // The older field goes first where a file has both, but for an empty one.
    var scaling = try optional("rope_scaling")?.json
    if try scaling?.members().isEmpty ?? false { scaling = nil }
    let newer = try optional("rope_parameters")?.json
    if scaling == nil { scaling = newer }
    if let own = try scaling?.optional(layers) { scaling = own }
    var base = try scaling?.optional("rope_theta").map { ConfigField.json($0) }
    let top = try optional(key)
    if base == nil { base = top }
    if base == nil, layers == "full_attention" { base = try optional("rope_theta") }
    let factor = try optional("partial_rotary_factor")?.double()
    ignore("rope_theta")
    let frequencyBase = try base?.double() ?? usual.theta
    guard frequencyBase > 0, Float(frequencyBase).isFinite else {
      let field = if let base { base } else { try required("rope_theta") }
      throw field.refusal("\(frequencyBase)", expected: "above 0 and within float32")
    }
    let inner = try scaling?.optional("partial_rotary_factor")?.double()
    let turning = try turningWidth(of: width, part: inner ?? factor ?? usual.part)
    let plain = RotaryScaling.plain(base: frequencyBase, width: turning)
    let context = try int("max_position_embeddings", default: usual.context, in: 1...1 << 30)
    // The field outside goes first.
    let outside = try optional("original_max_position_embeddings")?.int(in: 1...1 << 30)
    guard let scaling else {
      guard let yarn = usual.yarn else { return RotaryShape(frequencies: plain) }
      return RotaryShape(
        frequencies: RotaryScaling.yarn(
          plain, base: frequencyBase, factor: yarn.factor, original: Double(yarn.original),
          fast: 32, slow: 1, truncates: false), factor: 0.1 * log(yarn.factor) + 1)
    }
    let within = try scaling.optional("original_max_position_embeddings")?.int(in: 1...1 << 30)
    return try RotaryScaling(
      scaling, base: frequencyBase, context: context,
      original: outside ?? usual.original ?? within ?? context
    ).shape(plain)
  }

  private func turningWidth(of width: Int, part: Double) throws(Refusal) -> Int {
    let turning = Int(Double(width) * part)
    guard part > 0, part <= 1, turning > 0, turning % 2 == 0 else {
      throw Refusal(
        .model, file: json?.file ?? gguf?.metadata.file ?? "", field: "partial_rotary_factor",
        found: "\(part) of a head width of \(width)",
        expected: "an even number of coordinates, for rotary pairs")
    }
    return turning
  }

  /// From a GGUF file: its base, divided by the factors that it may hold for long contexts.
  private mutating func rotary(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata, _ architecture: String, _ width: Int,
    _ usual: RotaryDefaults
  ) throws(Refusal) -> RotaryShape {
    let prefix = "\(architecture).rope"
    var turning = width
    if let count = metadata.optional("\(prefix).dimension_count") {
      turning = try count.int(in: 2...width)
      guard turning % 2 == 0 else {
        throw count.refusal("\(turning)", expected: "an even number, for rotary pairs")
      }
    }
    guard turning % 2 == 0 else {
      throw Refusal(
        .model, file: metadata.file, field: "\(architecture).attention.head_count",
        found: "a head width of \(width)", expected: "an even one, for rotary pairs")
    }
    let field = metadata.optional("\(prefix).freq_base")
    let base = try field?.double() ?? usual.theta
    guard base > 0, base.isFinite else {
      throw Refusal(
        .model, file: metadata.file, field: "\(prefix).freq_base", found: "\(base)",
        expected: "a finite number above 0")
    }
    let plain = RotaryScaling.plain(base: base, width: turning)
    let scaled = try RotaryScaling.inGGUF(
      metadata, architecture, plain, base: base, truncates: usual.yarn == nil)
    func factors(_ name: String) throws(Refusal) -> [Float]? {
      guard let stored = checkpoint.tensors[name] else { return nil }
      guard stored.count == plain.count else {
        throw Refusal(
          .model, file: metadata.file, field: name, found: "shape \(stored.shape)",
          expected: "[\(plain.count)]")
      }
      return try checkpoint.floats(name)
    }
    var shape = scaled
    if let all = try factors("rope_freqs.weight") {
      shape.frequencies = zip(shape.frequencies, all).map { $0 / $1 }
    }
    if let short = try factors("rope_factors_short.weight"),
      let long = try factors("rope_factors_long.weight")
    {
      let length = try metadata["\(prefix).scaling.original_context_length"].int(in: 1...1 << 30)
      let factor = Float(try metadata.optional("\(prefix).scaling.attn_factor")?.double() ?? 1)
      shape.frequencies = zip(plain, short).map { $0 / $1 }
      shape.factor = factor
      shape.long = RotaryShape.Long(
        length: length, frequencies: zip(plain, long).map { $0 / $1 }, factor: factor)
    }
    return shape
  }
}

extension ConfigField {
  fileprivate var json: JSONField? { if case .json(let field) = self { field } else { nil } }
}

/// What a configuration class of transformers has for rotary positions where a file does not say.
struct RotaryDefaults {
  /// The base of frequencies.
  var theta = 10_000.0
  /// The part of a head that turns.
  var part = 1.0
  /// The longest context.
  var context = 2048
  /// The context before it was made longer, whatever the scaling says of it.
  var original: Int?
  /// A scaling by YaRN, its ramp not rounded to whole coordinates, where there is none in the file.
  var yarn: (factor: Float, original: Int)?
}

/// How rotary frequencies are changed for longer contexts, by the names of transformers.
struct RotaryScaling {
  private let field: JSONField
  private let base: Double
  /// The longest context, and that before it was made longer.
  private let context, original: Int

  init(_ field: JSONField, base: Double, context: Int, original: Int) {
    (self.field, self.base, self.context, self.original) = (field, base, context, original)
  }

  /// `base^(-2i/width)`. Su et al., 2021, <https://arxiv.org/abs/2104.09864>, section 3.2.2.
  static func plain(base: Double, width: Int) -> [Float] {
    stride(from: 0, to: width, by: 2).map { Float(1 / pow(base, Double($0) / Double(width))) }
  }

  private static let common: Set<String> = [
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings",
    "mrope_section",
  ]

  func shape(_ frequencies: [Float]) throws(Refusal) -> RotaryShape {
    var type = try field.optional("rope_type")
    if type == nil { type = try field.optional("type") }
    switch try type?.string() ?? "default" {
    case "default":
      try field.refuseUnknownKeys(known: Self.common)
      return RotaryShape(frequencies: frequencies)
    case "linear":
      try field.refuseUnknownKeys(known: Self.common.union(["factor"]))
      let factor = try positive("factor")
      return RotaryShape(frequencies: frequencies.map { $0 / factor })
    case "dynamic":
      // The base grows with sequences that are longer than the context, which none is here.
      try field.refuseUnknownKeys(known: Self.common.union(["factor", "alpha"]))
      return RotaryShape(frequencies: frequencies)
    case "llama3": return RotaryShape(frequencies: try llama3(frequencies))
    case "yarn": return try yarn(frequencies)
    case "longrope", "su": return try longRope(frequencies)
    case let other:
      throw field.refusal(
        "the rotary scaling \(quoted(other))",
        expected: "default, linear, dynamic, llama3, yarn or longrope")
    }
  }

  /// Long wavelengths are stretched, short ones kept, those between blended: Llama 3.1's context.
  ///
  /// Grattafiori et al., 2024, <https://arxiv.org/abs/2407.21783>; constants from the model's
  /// configuration.
  private func llama3(_ frequencies: [Float]) throws(Refusal) -> [Float] {
    try field.refuseUnknownKeys(
      known: Self.common.union(["factor", "low_freq_factor", "high_freq_factor"]))
    let factor = try positive("factor")
    let low = try positive("low_freq_factor")
    let high = try positive("high_freq_factor")
    let context = Float(original)
    guard high > low else {
      throw try field["high_freq_factor"].refusal("\(high)", expected: "above low_freq_factor")
    }
    return frequencies.map { frequency in
      let wavelength = 2 * Float.pi / frequency
      if wavelength < context / high { return frequency }
      if wavelength > context / low { return frequency / factor }
      let smooth = (context / wavelength - low) / (high - low)
      return (1 - smooth) * frequency / factor + smooth * frequency
    }
  }

  /// Peng et al., 2023, <https://arxiv.org/abs/2309.00071>.
  private func yarn(_ frequencies: [Float]) throws(Refusal) -> RotaryShape {
    try field.refuseUnknownKeys(
      known: Self.common.union([
        "factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
        "truncate", "finetuned",
      ]))
    let factor =
      try field.optional("factor") == nil
      ? Float(context) / Float(original) : try positive("factor")
    let fast = try field.optional("beta_fast") == nil ? 32 : try positive("beta_fast")
    let slow = try field.optional("beta_slow") == nil ? 1 : try positive("beta_slow")
    let truncates = try field.optional("truncate")?.bool() ?? true
    var attention = try field.optional("attention_factor").map { _ in Float(0) }
    if attention != nil { attention = try positive("attention_factor") }
    if attention == nil {
      func scale(_ times: Float) -> Float { factor <= 1 ? 1 : 0.1 * times * log(factor) + 1 }
      let own = try field.optional("mscale")?.double()
      let all = try field.optional("mscale_all_dim")?.double()
      attention =
        if let own, let all, own != 0, all != 0 { scale(Float(own)) / scale(Float(all)) } else {
          scale(1)
        }
    }
    return RotaryShape(
      frequencies: Self.yarn(
        frequencies, base: base, factor: factor, original: Double(original), fast: fast,
        slow: slow, truncates: truncates), factor: attention ?? 1)
  }

  /// Frequencies that turn often within the first context are kept, those that turn seldom are
  /// stretched, with a ramp between. Section 3.2.
  static func yarn(
    _ frequencies: [Float], base: Double, factor: Float, original: Double, fast: Float,
    slow: Float, truncates: Bool
  ) -> [Float] {
    let width = Double(2 * frequencies.count)
    func coordinate(of turns: Float) -> Double {
      width * log(original / (Double(turns) * 2 * .pi)) / (2 * log(base))
    }
    var (low, high) = (coordinate(of: fast), coordinate(of: slow))
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, width - 1))
    if low == high { high += 0.001 }
    return frequencies.enumerated().map { i, frequency in
      let ramp = Float(min(max((Double(i) - low) / (high - low), 0), 1))
      return frequency / factor * ramp + frequency * (1 - ramp)
    }
  }

  /// Ding et al., 2024, <https://arxiv.org/abs/2402.13753>.
  private func longRope(_ frequencies: [Float]) throws(Refusal) -> RotaryShape {
    try field.refuseUnknownKeys(
      known: Self.common.union(["factor", "short_factor", "long_factor", "attention_factor"]))
    func factors(_ key: String) throws(Refusal) -> [Float] {
      let list = try field[key]
      let items = try list.items()
      guard items.count == frequencies.count else {
        throw list.refusal("\(items.count) factors", expected: "\(frequencies.count)")
      }
      return try items.map { item throws(Refusal) in try ConfigField.json(item).positive() }
    }
    let factor =
      try field.optional("factor") == nil
      ? Double(context) / Double(original) : Double(try positive("factor"))
    var attention =
      factor <= 1 ? 1 : Float((1 + log(factor) / log(Double(original))).squareRoot())
    if try field.optional("attention_factor") != nil {
      attention = try positive("attention_factor")
    }
    let (short, long) = (try factors("short_factor"), try factors("long_factor"))
    return RotaryShape(
      frequencies: zip(frequencies, short).map { $0 / $1 },
      long: RotaryShape.Long(
        length: original, frequencies: zip(frequencies, long).map { $0 / $1 }, factor: attention),
      factor: attention)
  }

  private func positive(_ key: String) throws(Refusal) -> Float {
    try ConfigField.json(field[key]).positive()
  }

  /// A GGUF file's scaling. One with a factor and no kind is linear, as llama.cpp takes it.
  ///
  /// - Parameter truncates: Whether YaRN's ramp is rounded to whole coordinates, which files do not
  ///   say: not in families whose own scaling is not.
  static func inGGUF(
    _ metadata: GGUFMetadata, _ architecture: String, _ frequencies: [Float], base: Double,
    truncates: Bool
  ) throws(Refusal) -> RotaryShape {
    let prefix = "\(architecture).rope"
    let type = metadata.optional("\(prefix).scaling.type")
    let field =
      metadata.optional("\(prefix).scaling.factor") ?? metadata.optional("\(prefix).scale_linear")
    // 0 stands for none.
    let factor = try field.flatMap { field throws(Refusal) in
      try field.double() == 0 ? nil : try ConfigField.gguf(field).positive()
    }
    switch try type?.string() ?? (factor == nil ? "none" : "linear") {
    case "none", "longrope": return RotaryShape(frequencies: frequencies)
    case "linear":
      let divisor = factor ?? 1
      return RotaryShape(frequencies: frequencies.map { $0 / divisor })
    case "yarn":
      let divisor = factor ?? 1
      var context = metadata.optional("\(prefix).scaling.original_context_length")
      if context == nil { context = try metadata["\(architecture).context_length"] }
      let original = try context?.int(in: 1...1 << 30) ?? 1
      func number(_ key: String, _ usual: Float) throws(Refusal) -> Float {
        guard let field = metadata.optional("\(prefix).scaling.\(key)") else { return usual }
        return try ConfigField.gguf(field).positive()
      }
      let attention = try number("yarn_attn_factor", number("attn_factor", 1))
      return RotaryShape(
        frequencies: yarn(
          frequencies, base: base, factor: divisor, original: Double(original),
          fast: try number("yarn_beta_fast", 32), slow: try number("yarn_beta_slow", 1),
          truncates: truncates),
        factor: attention * (divisor <= 1 ? 1 : 0.1 * log(divisor) + 1))
    case let other:
      guard let type else { return RotaryShape(frequencies: frequencies) }
      throw type.refusal(quoted(other), expected: "none, linear, yarn or longrope")
    }
  }
}
