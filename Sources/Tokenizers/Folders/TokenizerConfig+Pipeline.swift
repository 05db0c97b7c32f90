internal import Inputs

extension TokenizerConfig {
  /// Changes a `tokenizer.json` as `transformers` does where its configuration says otherwise, and
  /// notes what it does not follow.
  ///
  /// - Parameter outer: The type of the pre-tokenizer: one inside a sequence is left as it is.
  func apply(to parts: inout TokenizerPipeline.Parts, outer: String?) {
    followPrefix(&parts, outer)
    followCase(&parts)
    for (flag, name, tokens) in [
      (addsBeginning, "bos", parts.frame.before), (addsEnd, "eos", parts.frame.after),
    ] {
      guard let flag, let text = named[name],
        let id = parts.vocabulary.id(of: Array(text.utf8)[...]), tokens.contains(id) != flag
      else { continue }
      parts.notes.append(
        "\(escaped(file)): add_\(name)_token = \(flag) is not followed: the post_processor of "
          + "tokenizer.json \(flag ? "adds none" : "adds \(quoted(text))")")
    }
  }

  private func followPrefix(_ parts: inout TokenizerPipeline.Parts, _ outer: String?) {
    guard let addsPrefixSpace else { return }
    var has = false
    for step in parts.preTokenizers {
      switch step {
      case .leadingSpace: has = true
      case .metaspace(let rules): has = has || rules.prefix != .never
      default: break
      }
    }
    let prepends = parts.normalizers.contains { if case .prepend = $0 { true } else { false } }
    guard addsPrefixSpace != (has || prepends) else { return }
    if !addsPrefixSpace {
      parts.normalizers.removeAll { if case .prepend = $0 { true } else { false } }
    }
    switch outer {
    case "ByteLevel" where addsPrefixSpace: parts.preTokenizers.insert(.leadingSpace, at: 0)
    case "ByteLevel":
      parts.preTokenizers.removeAll { if case .leadingSpace = $0 { true } else { false } }
    case "Metaspace":
      parts.preTokenizers = parts.preTokenizers.map { step in
        guard case .metaspace(var rules) = step else { return step }
        rules.prefix = addsPrefixSpace ? (isLegacy == false ? .first : .always) : .never
        return .metaspace(rules)
      }
    default:
      guard has || addsPrefixSpace else { return }
      parts.notes.append(
        "\(escaped(file)): add_prefix_space = \(addsPrefixSpace) is not followed: the pre_tokenizer "
          + "of tokenizer.json is \(outer.map(quoted) ?? "null")")
    }
  }

  private func followCase(_ parts: inout TokenizerPipeline.Parts) {
    guard let lowercases else { return }
    var lowers = false
    parts.normalizers = parts.normalizers.map { step in
      if case .lowercase = step { lowers = true }
      guard case .bert(var rules) = step else { return step }
      lowers = lowercases
      guard rules.lowercases != lowercases else { return step }
      rules.lowercases = lowercases
      rules.stripsAccents = stripsAccents ?? lowercases
      rules.spreadsChinese = spreadsChinese ?? true
      return .bert(rules)
    }
    if lowers != lowercases {
      parts.notes.append(
        "\(escaped(file)): do_lower_case = \(lowercases) is not followed: the normalizer of "
          + "tokenizer.json \(lowers ? "lower-cases" : "does not lower-case")")
    }
  }

  /// The tokens that the configuration adds to those of a file, each with the id that it has there.
  ///
  /// - Parameters:
  ///   - known: The tokens that are found in text already.
  ///   - id: The id of a token of the vocabulary.
  ///   - isTaken: Whether an id has a token.
  func added(
    beyond known: [AddedToken], id: (String) -> Int?, isTaken: (Int) -> Bool
  ) throws(Refusal) -> [AddedToken] {
    var result: [AddedToken] = []
    var contents = Set(known.map { ByteKey($0.content) })
    var ids = Set(known.map(\.id))
    for var token in added where contents.insert(ByteKey(token.content)).inserted {
      if let there = id(token.content) {
        token.id = there
      } else if isTaken(token.id) || ids.contains(token.id) {
        throw Refusal(
          .model, file: file, field: "added_tokens_decoder.\(token.id)",
          found: quoted(token.content), expected: "the token that has this id in the vocabulary")
      }
      ids.insert(token.id)
      result.append(token)
    }
    return result
  }

  /// The special tokens that a vocabulary without a list of its own has: those that are named, and
  /// those with an id.
  ///
  /// - Parameter defaults: The names that the class gives where the configuration gives none.
  func specials(
    defaults: [String: String] = [:], id: (String) -> Int?, isTaken: (Int) -> Bool
  ) throws(Refusal) -> [AddedToken] {
    var result = try added(beyond: [], id: id, isTaken: isTaken)
    let names = defaults.merging(named) { $1 }.sorted { $0.key < $1.key }.map(\.value)
    for content in names + additional where !content.isEmpty {
      guard content.utf8.count <= TokenizerPipeline.addedTokenLimit else { continue }
      if let place = result.firstIndex(where: { ByteKey($0.content) == ByteKey(content) }) {
        result[place].isSpecial = true
      } else if let id = id(content) {
        result.append(AddedToken(id: id, content: content, isSpecial: true))
      }
    }
    return result
  }

  /// The tokens around a text, where the vocabulary has no post-processor.
  func frame(
    beginning: Bool, end: Bool, defaults: [String: String], id: (String) -> Int?
  ) throws(Refusal) -> SpecialFrame {
    func token(_ name: String, _ isAdded: Bool, _ flag: Bool?) throws(Refusal) -> [Int] {
      guard isAdded else { return [] }
      guard let text = named[name] ?? defaults[name], let id = id(text) else {
        // A class' habit needs the token; only a request for a token that is not there is refused.
        guard flag == true else { return [] }
        throw Refusal(
          .model, file: file, field: "add_\(name)_token", found: "true, and no \(name)_token",
          expected: "a token of the vocabulary")
      }
      return [id]
    }
    return SpecialFrame(
      before: try token("bos", addsBeginning ?? beginning, addsBeginning),
      after: try token("eos", addsEnd ?? end, addsEnd))
  }
}
