internal import Inputs

/// A regular expression of a pre-tokenizer, compiled once.
///
/// Matching is by backtracking, as in the engines that the published patterns were written for,
/// over an array of scalars, with a stack of its own and a bound on its steps.
struct Pattern: Sendable {
  enum Operation: Sendable {
    case scalar(UInt32)
    case one(of: Int)
    /// Tries the next instruction first where `firsts[unless]` admits the scalar, then `other`.
    case prefer(next: Int, other: Int, firsts: Int)
    /// Goes on without a choice.
    case jump(to: Int)
    /// As many of a class as there are; `keep` gives none back.
    case run(of: Int, minimum: Int, maximum: Int, keep: Bool)
    /// Runs what follows up to `match` by itself, then goes on at `end`.
    case lookahead(end: Int, isNegative: Bool)
    case atomic(end: Int)
    case match
  }

  /// The text of the pattern, for messages.
  let source: String
  let program: [Operation]
  let classes: [ScalarClass]
  let firsts: [FirstSet]
  /// What a match can begin with.
  let first: FirstSet

  /// - Parameters:
  ///   - file: The tokenizer file, for a refusal.
  ///   - field: The field the pattern stands in.
  init(_ source: String, file: String = "", field: String = "") throws(Refusal) {
    do throws(PatternFault) {
      let node = try PatternParser.parse(source)
      var compiler = PatternCompiler()
      try compiler.compile(node)
      compiler.program.append(.match)
      self.source = source
      program = compiler.program
      classes = compiler.classes
      firsts = compiler.firsts
      first = node.first
    } catch {
      throw Refusal(
        .model, file: file, field: field,
        found: "the pattern \(quoted(source)) with \(error.found)",
        expected: "a regular expression of the kind that published tokenizers use")
    }
  }

  /// The refusal of a text on which the pattern ran too long.
  func exhausted(on text: SourceText) -> Refusal {
    Refusal(
      .model,
      found: "a text of \(text.scalars.count) characters on which the pattern "
        + "\(quoted(source)) backtracks without end",
      expected: "a pattern that needs a few steps a character")
  }

  /// A pattern that matches the text as it stands.
  init(literal: String, file: String = "", field: String = "") throws(Refusal) {
    var escaped = ""
    for scalar in literal.unicodeScalars {
      escaped += "\\x{\(String(scalar.value, radix: 16))}"
    }
    try self.init(escaped, file: file, field: field)
  }
}

/// Turns a parsed pattern into instructions.
private struct PatternCompiler {
  private static let programLimit = 20_000
  private static let workLimit = 200_000

  var program: [Pattern.Operation] = []
  var classes: [ScalarClass] = []
  var firsts: [FirstSet] = []
  /// Nodes compiled, for repeats of repeats of nothing emit nothing.
  private var work = 0

  private mutating func emit(_ operation: Pattern.Operation) throws(PatternFault) {
    guard program.count < Self.programLimit else {
      throw PatternFault(found: "repeats that unroll to more than \(Self.programLimit) steps")
    }
    program.append(operation)
  }

  private mutating func index(of scalars: ScalarClass) -> Int {
    if let known = classes.firstIndex(of: scalars) { return known }
    classes.append(scalars)
    return classes.count - 1
  }

  /// Leaves room for a `prefer`, to be filled in when its targets are known.
  private mutating func choice(first: FirstSet) throws(PatternFault) -> (Int, firsts: Int) {
    try emit(.match)
    firsts.append(first)
    return (program.count - 1, firsts.count - 1)
  }

  mutating func compile(_ node: PatternNode) throws(PatternFault) {
    work += 1
    guard work <= Self.workLimit else {
      throw PatternFault(found: "repeats that unroll to more than \(Self.workLimit) parts")
    }
    switch node {
    case .one(let scalars):
      try emit(scalars.onlyASCII.map { .scalar($0) } ?? .one(of: index(of: scalars)))
    case .sequence(let nodes):
      for node in nodes { try compile(node) }
    case .choice(let nodes):
      var ends: [Int] = []
      for (place, node) in nodes.enumerated() {
        guard place + 1 < nodes.count else {
          try compile(node)
          break
        }
        let (fork, firsts) = try choice(first: node.first)
        try compile(node)
        ends.append(program.count)
        try emit(.match)
        program[fork] = .prefer(next: fork + 1, other: program.count, firsts: firsts)
      }
      for end in ends { program[end] = .jump(to: program.count) }
    case .repeated(.one(let scalars), let minimum, let maximum, let greed) where greed != .lazy:
      try emit(
        .run(
          of: index(of: scalars), minimum: minimum, maximum: maximum ?? .max,
          keep: greed == .possessive))
    case .repeated(let node, let minimum, let maximum, .possessive):
      try compile(.atomic(.repeated(node, minimum: minimum, maximum: maximum, .greedy)))
    case .repeated(let node, let minimum, let maximum, let greed):
      try compileRepeat(node, minimum, maximum, isLazy: greed == .lazy)
    case .lookahead(let node, let isNegative):
      let start = program.count
      try emit(.match)
      try compile(node)
      try emit(.match)
      program[start] = .lookahead(end: program.count, isNegative: isNegative)
    case .atomic(let node):
      let start = program.count
      try emit(.match)
      try compile(node)
      try emit(.match)
      program[start] = .atomic(end: program.count)
    }
  }

  private mutating func compileRepeat(
    _ node: PatternNode, _ minimum: Int, _ maximum: Int?, isLazy: Bool
  ) throws(PatternFault) {
    for _ in 0..<minimum { try compile(node) }
    let first = isLazy ? FirstSet.everything : node.first
    var forks: [(at: Int, firsts: Int)] = []
    for _ in 0..<(maximum.map { $0 - minimum } ?? 1) {
      let (fork, firsts) = try choice(first: first)
      try compile(node)
      if maximum == nil { try emit(.jump(to: fork)) }
      forks.append((fork, firsts))
    }
    let end = program.count
    for (fork, firsts) in forks {
      program[fork] =
        isLazy
        ? .prefer(next: end, other: fork + 1, firsts: firsts)
        : .prefer(next: fork + 1, other: end, firsts: firsts)
    }
  }
}
