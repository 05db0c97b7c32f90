internal import Inputs
internal import JobFiles
internal import Models
internal import Randomness
internal import Prompts

/// The texts that ablated values come from, and which text replaces which.
struct AblationSources: Sendable {
  /// Token ids.
  let texts: [[Int]]
  /// Of the texts' file.
  let digest: String?
  /// Of each prompt: the text whose values replace its own; empty without resampling.
  let donors: [Int]

  init(_ spec: AblateSpec, _ data: SweepData<AblateSpec>) throws(Refusal) {
    let own = data.outline.prompts
    if spec.takesMeans,
      let item = spec.items.first(where: { $0.site == .attentionWeight })
    {
      throw item.place.member("site").refusal(
        "attention_weight, whose keys are others in each text",
        expected: "zero or resample ablation of it, or another site")
    }
    guard spec.readsTexts else {
      (texts, digest, donors) = ([], nil, [])
      return
    }
    if let dataset = spec.dataset {
      let loaded = try dataset.load()
      digest = loaded.fileDigest
      var texts: [[Int]] = []
      for text in loaded.texts {
        texts.append(try data.resolver.tokens(of: text, length: dataset.length))
      }
      self.texts = texts
    } else {
      // What is skipped for its answer is a text as any other.
      (texts, digest) = (data.texts, nil)
    }
    let longest = texts.map(\.count).max() ?? 0
    if spec.source == nil, spec.ways.contains(.meanByPosition),
      let prompt = own.first(where: { $0.ids.count > longest })
    {
      throw spec.place(of: .meanByPosition).refusal(
        "mean_by_position, and the prompt \(escaped(prompt.id)) of \(prompt.ids.count) tokens",
        expected: "prompts of at most \(longest) tokens, those of the data set's longest text")
    }
    donors = spec.ways.contains(.resample) ? try Self.donors(spec, texts, own) : []
  }

  private static func donors(
    _ spec: AblateSpec, _ texts: [[Int]], _ prompts: [SweepPrompt]
  ) throws(Refusal) -> [Int] {
    let permutation: [Int]
    if let given = spec.permutation {
      guard given.count == texts.count, Set(given) == Set(texts.indices) else {
        let odd = given.first { !texts.indices.contains($0) }
        throw spec.permutationPlace.refusal(
          "\(given.count) numbers, "
            + (odd.map { "among them \($0)" } ?? "\(Set(given).count) of them different"),
          expected: "each number from 0 to \(texts.count - 1) once, a permutation of the data set")
      }
      permutation = given
    } else {
      permutation = drawn(texts, seed: spec.seed)
    }
    var donors: [Int] = []
    for prompt in prompts {
      guard let place = texts.firstIndex(of: prompt.ids) else {
        throw (spec.dataset?.place ?? spec.place(of: .resample)).refusal(
          "no text that is the prompt \(escaped(prompt.id))",
          expected: "the prompts among the texts, which resample permutes")
      }
      let donor = permutation[place]
      guard texts[donor].count == prompt.ids.count else {
        throw spec.permutationPlace.refusal(
          "text \(donor) of \(texts[donor].count) tokens for the prompt \(escaped(prompt.id)) of "
            + "\(prompt.ids.count)", expected: "a text as long")
      }
      guard texts[donor] != prompt.ids else {
        let place = spec.permutation == nil ? spec.place(of: .resample) : spec.permutationPlace
        throw place.refusal(
          "the prompt \(escaped(prompt.id)) replaced by itself"
            + (spec.permutation == nil ? " in the order that the seed draws" : ""),
          expected: "another text of \(prompt.ids.count) tokens for it in the data set")
      }
      donors.append(donor)
    }
    return donors
  }

  /// Each text's successor in a drawn order of those of its length. Fisher and Yates, 1938.
  private static func drawn(_ texts: [[Int]], seed: Int) -> [Int] {
    let random = Philox(key: UInt64(seed))
    var permutation = Array(texts.indices)
    for length in Set(texts.map(\.count)).sorted() {
      var same = texts.indices.filter { texts[$0].count == length }
      for place in same.indices.dropFirst().reversed() {
        let words = random.words(
          SIMD4(UInt32(truncatingIfNeeded: place), UInt32(length), 0x7065_726D, 0))
        same.swapAt(place, Int((UInt64(words[0]) * UInt64(place + 1)) >> 32))
      }
      for (place, text) in same.enumerated() { permutation[text] = same[(place + 1) % same.count] }
    }
    return permutation
  }
}
