/// The special tokens that a tokenizer puts around one text when it is asked to.
struct SpecialFrame: Sendable, Equatable {
  var before: [Int] = []
  var after: [Int] = []
}
