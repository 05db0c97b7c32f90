internal import Foundation
internal import Subprocess

/// The characters that the installed fonts have.
///
/// A character that no font has is drawn as a box that is wider than its place, so what is known to
/// be missing is written as an escape.
struct FontCoverage: Sendable, Equatable {
  /// Ranges of scalars, ascending, apart from each other.
  private let ranges: [ClosedRange<UInt32>]

  /// - Parameter list: Ranges of hexadecimal numbers such as `20-7e a0`, a line for each font.
  init(list: String) {
    let all = list.split { $0 == " " || $0 == "\n" }.compactMap { word -> ClosedRange<UInt32>? in
      let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
      guard let first = ends.first, let last = ends.last, first <= last else { return nil }
      return first...last
    }.sorted { $0.lowerBound < $1.lowerBound }
    var merged: [ClosedRange<UInt32>] = []
    for range in all {
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }

  /// What fontconfig knows of; nil where its `fc-list` is not at hand, or knows no font.
  static func installed(searchPath: String) async -> FontCoverage? {
    let environment = Environment.custom([
      "PATH": searchPath, "LC_ALL": "C.UTF-8",
      "HOME": ProcessInfo.processInfo.environment["HOME"] ?? "/",
    ])
    let listed = try? await run(
      .name("fc-list"), arguments: ["--format", "%{charset}\n"], environment: environment,
      output: .string(limit: 64 << 20), error: .discarded)
    guard let listed, listed.terminationStatus.isSuccess else { return nil }
    let coverage = FontCoverage(list: listed.standardOutput)
    return coverage.ranges.isEmpty ? nil : coverage
  }

  private func has(_ scalar: Unicode.Scalar) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(scalar.value)
  }

  /// The characters of a text that are to be drawn as they are, and that no font has.
  private func isMissing(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.isASCII && !isUnsafe(scalar) && !scalar.properties.isVariationSelector && !has(scalar)
  }

  /// The figure with an escape for each character that no font has, and a line that says so.
  func drawable(_ figure: Figure) -> (figure: Figure, note: String?) {
    var missing: Set<Unicode.Scalar> = []
    let drawable = figure.mapTexts { text in
      var result = ""
      for scalar in text.unicodeScalars {
        if isMissing(scalar) {
          missing.insert(scalar)
          result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
      return result
    }
    guard !missing.isEmpty else { return (figure, nil) }
    let packages = Set(missing.map(FontCoverage.package)).sorted().joined(separator: " ")
    let note =
      "no installed font has \(missing.count) of the characters, which are drawn as codes; "
      + "Debian's packages with them: \(packages)"
    return (drawable, note)
  }

  /// The Debian package with a font for a character.
  private static func package(for scalar: Unicode.Scalar) -> String {
    if scalar.properties.isEmoji { return "fonts-noto-color-emoji" }
    return isEastAsian(scalar) ? "fonts-noto-cjk" : "fonts-noto-core"
  }
}
