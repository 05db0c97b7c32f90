/// Draws fractions of a colour scale as cells of text, changing colour only where it must.
struct ShadePen {
  private let ink: Terminal.Ink
  private let ascii: Bool
  private var text = ""
  /// The colour now set, as the parameters of its control sequence.
  private var color: String?

  init(on terminal: Terminal) {
    ink = terminal.ink
    ascii = !terminal.isUnicode
  }

  /// What stands where there is no value.
  var gap: Character { ascii ? "?" : "·" }

  /// Shades from none to full.
  private var shades: [Character] { ascii ? Array(" .:-=+*#%@") : Array(" ░▒▓█") }

  /// One cell: a fraction from 0 to 1, or nil for no value.
  mutating func draw(_ fraction: Double?, width: Int, colors: ColorScale) {
    guard let fraction else {
      set(nil)
      return repeated(gap, width)
    }
    switch ink {
    case .trueColor:
      let shade = colors.color(at: fraction)
      set("48;2;\(shade.red);\(shade.green);\(shade.blue)")
      repeated(" ", width)
    case .indexed:
      set("48;5;\(colors.color(at: fraction).terminalIndex)")
      repeated(" ", width)
    case .shades, .ascii:
      let shades = shades
      repeated(shades[min(Int(fraction * Double(shades.count)), shades.count - 1)], width)
    }
  }

  /// The text drawn, with the colour reset.
  consuming func finished() -> String {
    set(nil)
    return text
  }

  private mutating func repeated(_ character: Character, _ count: Int) {
    text += String(repeating: character, count: count)
  }

  private mutating func set(_ new: String?) {
    guard new != color else { return }
    text += "\u{1B}[\(new ?? "0")m"
    color = new
  }
}
