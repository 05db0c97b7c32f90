/// Why an input was not accepted: the one form in which every module says so.
///
/// A refusal is raised before any work begins. Its description is one line,
/// `FILE: FIELD: found …, expected …`, and everything in it that came from a file is escaped.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of input was refused; decides the exit code.
  public enum Kind: Sendable, Equatable {
    case commandLine, job, model, store, resources, cluster

    /// The exit code of the command line for a refusal of this kind.
    public var exitCode: Int32 {
      switch self {
      case .commandLine: 2
      case .job: 3
      case .model: 4
      case .store: 5
      case .resources: 6
      case .cluster: 7
      }
    }
  }

  public let kind: Kind
  /// The file's path as the user would type it; empty where no file is concerned.
  public let file: String
  /// The field inside the file, as a path such as `sweep.layers[2]` or a tensor's name.
  public let field: String
  /// What stands there, in words.
  public let found: String
  /// What would have been accepted, in words.
  public let expected: String

  public init(
    _ kind: Kind, file: String = "", field: String = "", found: String, expected: String
  ) {
    self.kind = kind
    self.file = file
    self.field = field
    self.found = found
    self.expected = expected
  }

  public var description: String {
    let place = [file, field].filter { !$0.isEmpty }.map { "\(escaped($0)): " }.joined()
    return "\(place)found \(found), expected \(expected)"
  }

  /// The same refusal, with the file named where the place that raised it did not know it.
  public func inFile(_ path: String) -> Refusal {
    file.isEmpty
      ? Refusal(kind, file: path, field: field, found: found, expected: expected) : self
  }
}

/// Text from outside, on one line, without control characters, cut at 200 characters.
public func escaped(_ text: String) -> String { escaped(text, limit: 200) }

/// The same, cut at so many characters.
public func escaped(_ text: String, limit: Int) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return result + "…" }
    count += 1
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
  return result
}

/// Text from outside between quotation marks, escaped and cut like `escaped`.
public func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

/// The candidate that is nearest to a misspelt name, if any is near enough to be meant.
///
/// Near is a Damerau-Levenshtein distance of at most a third of the longer name, so that of one or two
/// letters none may differ but in case. Only the first
/// candidates are looked at where a file brings more of them than any person has to choose from.
///
/// What begins with the whole name, and is at most twice as long, goes first: `mlp_out` is `mlp_output`
/// cut short.
///
/// A verb in another form is as near as its stem: `tracing` to `trace`, `ablation` to `ablate`.
public func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
  let longer = candidates.prefix(nearestLimit).filter {
    $0.hasPrefix(name) && $0.count <= 2 * name.count
  }
  if name.count > 2, let shortest = longer.min(by: { $0.count < $1.count }) { return shortest }
  var best: (name: String, distance: Int)?
  let forms = [name] + stems(of: name)
  for candidate in candidates.prefix(nearestLimit) {
    let limit = max(name.count, candidate.count) / 3
    for (number, form) in forms.enumerated() {
      // A stem must be met exactly, and a name that is one letter off comes before it.
      let limit = number == 0 ? limit : 0
      guard abs(form.count - candidate.count) <= limit else { continue }
      let distance = editDistance(form, candidate) + (number == 0 ? 0 : 1)
      guard distance <= limit + (number == 0 ? 0 : 1) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
  }
  return best?.name
}

/// What a word may be a form of.
private func stems(of name: String) -> [String] {
  let endings = [
    "ing": ["", "e"], "ation": ["ate", ""], "ed": ["", "e"], "er": ["", "e"], "s": [""],
  ]
  return endings.sorted { $0.key < $1.key }.flatMap { ending, others in
    name.count > ending.count + 2 && name.hasSuffix(ending)
      ? others.map { name.dropLast(ending.count) + $0 } : []
  }
}

private let nearestLimit = 4096

/// The number of insertions, deletions, changes and swaps of neighbours that turn `a` into `b`.
private func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a.lowercased().prefix(100)), Array(b.lowercased().prefix(100)))
  var beforeLast = [Int]()
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, beforeLast[j - 1] + 1)
      }
      row.append(cost)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
