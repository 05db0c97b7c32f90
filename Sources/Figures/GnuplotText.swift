/// A text as a gnuplot string, in which nothing is left for gnuplot to interpret.
///
/// Letters, digits, spaces and non-ASCII text stand as they are; every other byte is an octal
/// escape. So no quote, backslash, backtick, `@` or newline of a token reaches gnuplot's parser.
/// gnuplot reads an octal escape as far as there are digits, so digits after one are escaped too.
/// The terminals must be set to `noenhanced`, which leaves `_`, `^` and braces alone.
package func gnuplotString(_ text: String) -> String {
  var result = "\""
  var follows = false
  for scalar in text.unicodeScalars {
    let isDigit = ("0"..."9").contains(scalar)
    let isPlain =
      isDigit ? !follows : !scalar.isASCII || scalar.properties.isAlphabetic || scalar == " "
    if isPlain {
      result.unicodeScalars.append(scalar)
    } else {
      let octal = String(scalar.value, radix: 8)
      result += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
    }
    follows = !isPlain
  }
  return result + "\""
}

/// A label of an axis as a gnuplot string; gnuplot would read `%` in one as a number's format.
package func gnuplotTickLabel(_ text: String) -> String {
  gnuplotString(
    text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%"))
}

/// A number as gnuplot reads it.
func gnuplotNumber(_ value: Double) -> String { value.isNaN ? "NaN" : "\(value)" }
