internal import Inputs
internal import JobFiles

/// How the tokens of a corpus are divided: into documents, and into the sequences that a model reads.
struct CorpusLayout: Sendable, Codable, Equatable {
  /// Tokens of each document.
  let lengths: [Int]
  /// Tokens of a sequence, at most.
  let context: Int
  /// Whether sequences have no regard to documents.
  let packs: Bool

  private static let limit = Int(Int32.max)

  /// - Throws: `store`, since the numbers may come from a run's folder.
  init(lengths: [Int], context: Int, packs: Bool) throws(Refusal) {
    (self.lengths, self.context, self.packs) = (lengths, context, packs)
    try check()
  }

  /// Checks what was decoded.
  func check() throws(Refusal) {
    var count = 0
    for length in lengths {
      guard (1...Self.limit).contains(length), packs || length <= context,
        count <= Self.limit - length
      else {
        throw Refusal(
          .store, field: "documents", found: "one of \(length) tokens after \(count)",
          expected: "documents that fit the context, and at most \(Self.limit) tokens (the limit)")
      }
      count += length
    }
    guard context > 0, count > 0 else {
      throw Refusal(
        .store, field: "documents", found: "\(count) tokens", expected: "at least one token")
    }
  }

  /// Tokens of all documents.
  var count: Int { lengths.reduce(0, +) }

  /// Where each document begins among all tokens, and where the last ends.
  var starts: [Int] { lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) } }
}

/// Tokens of a corpus that someone asks for, each a row, in the order of the corpus.
struct CorpusRows: Sendable {
  let layout: CorpusLayout
  /// Where each document begins among all tokens, and where the last ends.
  let documents: [Int]
  /// Where each document's rows begin, and where the last's end.
  let rowStarts: [Int]
  /// The token of each row; nil where every token is one.
  private let chosen: [Int32]?

  /// - Parameter places: Of each document; a number past the end of one is refused.
  init(_ layout: CorpusLayout, _ places: Places) throws(Refusal) {
    self.layout = layout
    let documents = layout.starts
    self.documents = documents
    guard !places.isAll else {
      (rowStarts, chosen) = (documents, nil)
      return
    }
    var (starts, chosen): ([Int], [Int32]) = ([0], [])
    for (number, length) in layout.lengths.enumerated() {
      let found = try places.resolve(
        in: PromptPlaces(count: length, named: [:]), called: "document \(number)")
      chosen += found.map { Int32(documents[number] + $0) }
      starts.append(chosen.count)
    }
    (rowStarts, self.chosen) = (starts, chosen)
  }

  var count: Int { rowStarts.last ?? 0 }

  /// The place of a row among all tokens.
  func token(_ row: Int) -> Int { chosen.map { Int($0[row]) } ?? row }

  /// The document of a token.
  func document(ofToken token: Int) -> Int { Self.last(documents, upTo: token) }

  /// The tokens of the sequence that a token stands in.
  func sequence(ofToken token: Int) -> Range<Int> {
    guard layout.packs else {
      let number = document(ofToken: token)
      return documents[number]..<documents[number + 1]
    }
    let start = token / layout.context * layout.context
    return start..<min(start + layout.context, documents.last ?? 0)
  }

  /// What a model must read for a range of rows: of each sequence the tokens up to the last row.
  func sequences(for rows: Range<Int>) -> [(tokens: Range<Int>, rows: Range<Int>)] {
    var found: [(tokens: Range<Int>, rows: Range<Int>)] = []
    var row = rows.lowerBound
    while row < rows.upperBound {
      let sequence = sequence(ofToken: token(row))
      let first = row
      if chosen == nil {
        row = min(rows.upperBound, sequence.upperBound)
      } else {
        while row < rows.upperBound, token(row) < sequence.upperBound { row += 1 }
      }
      found.append((sequence.lowerBound..<token(row - 1) + 1, first..<row))
    }
    return found
  }

  /// Where the rows of sequences that are read together stand among all of these' tokens, and the
  /// stretches of them that follow each other in a document.
  func stretches(
    of sequences: [(tokens: Range<Int>, rows: Range<Int>)]
  ) -> (kept: [Int], stretches: [ActivationShard.Stretch]) {
    var (kept, stretches, first, last): ([Int], [ActivationShard.Stretch], Int, Int?) = (
      [], [], 0, nil
    )
    for sequence in sequences {
      for row in sequence.rows {
        let token = token(row)
        if let end = last, token == end + 1, documents[document(ofToken: end) + 1] > token {
          stretches[stretches.count - 1].rows =
            stretches[stretches.count - 1].rows.lowerBound..<kept.count + 1
        } else {
          let document = document(ofToken: token)
          stretches.append(
            ActivationShard.Stretch(
              rows: kept.count..<kept.count + 1, place: token - documents[document],
              length: layout.lengths[document]))
        }
        kept.append(first + token - sequence.tokens.lowerBound)
        last = token
      }
      first += sequence.tokens.count
    }
    return (kept, stretches)
  }

  /// The number of the last start that is no larger than a value.
  private static func last(_ starts: [Int], upTo value: Int) -> Int {
    var (low, high) = (0, starts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}
