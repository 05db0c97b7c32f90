extension PatternParser {
  /// What an escape stands for: a class, and the one scalar if it is one.
  typealias Escaped = (scalars: ScalarClass, single: Unicode.Scalar?)

  /// One letter, or its case variants inside `(?i:...)`.
  func literal(_ scalar: Unicode.Scalar) throws(PatternFault) -> ScalarClass {
    var result = ScalarClass()
    result.insert(scalar.value...scalar.value)
    guard ignoresCase else { return result }
    try insertVariants(of: scalar.value...scalar.value, into: &result)
    return result
  }

  /// Adds the other cases of the letters of a range: ASCII, and the two signs that fold to it.
  private func insertVariants(
    of range: ClosedRange<UInt32>, into result: inout ScalarClass
  ) throws(PatternFault) {
    guard range.upperBound < 128 else {
      let isCased = range.prefix(0x3000).contains {
        Unicode.Scalar($0).map { $0.properties.isCased || $0.properties.changesWhenCaseFolded }
          ?? false
      }
      if isCased { throw fault("letters past ASCII inside (?i:...), which is not supported,") }
      return
    }
    for value in range {
      let lower = value | 0x20
      guard (97...122).contains(lower) else { continue }
      result.insert(lower...lower)
      result.insert((lower - 32)...(lower - 32))
      if lower == 0x73 { result.insert(0x17F...0x17F) }  // ſ folds to s
      if lower == 0x6B { result.insert(0x212A...0x212A) }  // the kelvin sign folds to k
    }
  }

  /// `[...]` or `[^...]`.
  mutating func bracketed() throws(PatternFault) -> ScalarClass {
    let start = at
    at += 1
    let isNegated = take("^")
    var result = ScalarClass()
    var isEmpty = true
    while let scalar = next, scalar != "]" || isEmpty {
      if scalar == "]" { throw fault("an empty class, or ']' that needs a '\\',") }
      if scalar == "[" { throw fault("a class inside a class, which is not supported,") }
      if scalar == "&", scalars[at...].starts(with: ["&", "&"]) {
        throw fault("'&&' in a class, which is not supported,")
      }
      isEmpty = false
      let from = try member()
      guard let low = from.single else {
        result.formUnion(from.scalars)
        continue
      }
      guard next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
        result.formUnion(from.scalars)
        continue
      }
      at += 1
      guard let high = try member().single, low <= high else {
        throw fault("a range in a class that does not run upwards")
      }
      result.insert(low.value...high.value)
      if ignoresCase { try insertVariants(of: low.value...high.value, into: &result) }
    }
    guard take("]") else {
      at = start
      throw fault("a class '[' that is never closed")
    }
    return isNegated ? result.inverted : result
  }

  private mutating func member() throws(PatternFault) -> Escaped {
    guard let scalar = next else { throw fault("a class that ends early") }
    if scalar == "\\" { return try escape() }
    at += 1
    return (try literal(scalar), scalar)
  }

  /// `\s`, `\p{...}`, `\n`, `\x41` and the like, from the backslash on.
  mutating func escape() throws(PatternFault) -> Escaped {
    at += 1
    guard let scalar = next else { throw fault("a '\\' with nothing after it") }
    at += 1
    func coded(_ isIn: @escaping (UInt8) -> Bool, _ isNegated: Bool) -> Escaped {
      var result = ScalarClass()
      result.insert { isIn($0) != isNegated }
      return (result, nil)
    }
    func single(_ value: UInt32) throws(PatternFault) -> Escaped {
      guard let scalar = Unicode.Scalar(value) else { throw fault("an escape of no character") }
      return (try literal(scalar), scalar)
    }
    switch scalar {
    case "s", "S": return coded({ $0 & ScalarTable.whiteSpace != 0 }, scalar == "S")
    case "d", "D":
      return coded({ ScalarTable.categories[Int($0 & 31)].name == "Nd" }, scalar == "D")
    case "w", "W": return coded(ScalarTable.isWord, scalar == "W")
    case "p", "P":
      let (name, isNegated) = try propertyName()
      if ignoresCase, ["Lu", "Ll", "Lt"].contains(name) {
        throw fault("a letter case inside (?i:...), which is not supported,")
      }
      return coded(
        { ScalarTable.categories[Int($0 & 31)].name.hasPrefix(name) },
        isNegated != (scalar == "P"))
    case "n": return try single(10)
    case "r": return try single(13)
    case "t": return try single(9)
    case "f": return try single(12)
    case "v": return try single(11)
    case "a": return try single(7)
    case "e": return try single(27)
    case "x": return try single(try hexadecimal(digits: 2))
    case "u": return try single(try hexadecimal(digits: 4))
    default:
      let isWordLike = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
      guard !isWordLike else { throw fault("the escape '\\\(scalar)', which is not supported,") }
      return (try literal(scalar), scalar)
    }
  }

  /// `{L}`, `{Lu}` or `{^L}`: a general category or the group of those that begin with a letter.
  private mutating func propertyName() throws(PatternFault) -> (String, Bool) {
    guard take("{"), let end = scalars[at...].firstIndex(of: "}"), end - at <= 40 else {
      throw fault("'\\p' without {a category}")
    }
    let isNegated = take("^")
    let name = String(String.UnicodeScalarView(scalars[at..<end]))
    guard
      (1...2).contains(name.utf8.count),
      ScalarTable.categories.contains(where: { $0.name.hasPrefix(name) })
    else { throw fault("the property '\(name)', which is no general category,") }
    at = end + 1
    return (name, isNegated)
  }

  /// Exactly that many digits, or any number up to eight in braces.
  private mutating func hexadecimal(digits: Int) throws(PatternFault) -> UInt32 {
    let isBraced = take("{")
    var text = ""
    while text.count < (isBraced ? 8 : digits), let digit = next, digit.properties.isASCIIHexDigit {
      text.unicodeScalars.append(digit)
      at += 1
    }
    guard isBraced ? take("}") : text.count == digits, let value = UInt32(text, radix: 16) else {
      throw fault("an escape without its hexadecimal digits")
    }
    return value
  }
}
