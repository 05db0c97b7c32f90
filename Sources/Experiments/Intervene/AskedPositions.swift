internal import Inputs
internal import Interventions
internal import JobFiles

/// The positions at which answers are shown: those that `--at` names, in the words of jobs, or what is
/// usual for the model.
struct AskedPositions: Sendable {
  private let places: Places?
  /// The token whose places are usual, of a masked model.
  private let mask: Int?

  static let option = "--at"

  /// - Parameter text: Such as `3`, `-1`, `0:5`, `last`, `all`, or several with commas between.
  init(_ text: String?, mask: Int?) throws(Refusal) {
    self.mask = mask
    guard let text else {
      places = nil
      return
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
      part -> JobValue in
      Int(part).map { JobValue.int($0) } ?? .text(String(part))
    }
    let value = parts.count == 1 ? parts[0] : .items(parts)
    places = try Self.told { () throws(Refusal) in
      try FieldType<Places>.documentPlaces.value(of: JobField(value, at: JobPlace(file: "")))
    }
  }

  /// The positions in one example.
  func callAsFunction(_ input: ReportedInput) throws(Refusal) -> [Int] {
    guard let places else {
      let masked = input.ids?.indices.filter { input.ids?[$0] == mask && mask != nil } ?? []
      return masked.isEmpty ? (input.count > 0 ? [input.count - 1] : []) : Array(masked)
    }
    return try Self.told { () throws(Refusal) in
      try places.resolve(
        in: PromptPlaces(count: input.count, named: [:]), called: "example \(input.example)")
    }
  }

  /// What is refused is the option's, not a job's.
  private static func told<Value>(
    _ read: () throws(Refusal) -> Value
  ) throws(Refusal) -> Value {
    do throws(Refusal) { return try read() } catch {
      throw Refusal(
        .commandLine, field: option, found: error.found, expected: error.expected)
    }
  }
}
