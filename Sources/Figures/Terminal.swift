internal import Foundation

/// What the screen behind a file descriptor can show.
public struct Terminal: Sendable, Equatable {
  /// How shades are drawn, from the richest to the plainest.
  public enum Ink: Sendable, CaseIterable {
    /// 24-bit colours.
    case trueColor
    /// The 256 indexed colours.
    case indexed
    /// `░▒▓█`, without colour.
    case shades
    /// Punctuation, for locales without UTF-8.
    case ascii

    package var isASCII: Bool { self == .ascii }
    package var hasColor: Bool { self == .trueColor || self == .indexed }
  }

  /// Columns of the screen, 20 to 300.
  public let width: Int
  /// How shades are drawn on it.
  public let ink: Ink
  /// Whether text may use characters beyond ASCII.
  public let isUnicode: Bool
  /// Whether a line can be drawn again in place.
  public let isInteractive: Bool

  /// A screen of that width, cut to 20 to 300; `ascii` ink goes with ASCII text.
  public init(width: Int, ink: Ink, isUnicode: Bool = true, isInteractive: Bool = false) {
    self.width = min(max(width, 20), 300)
    self.ink = ink
    self.isUnicode = isUnicode && !ink.isASCII
    self.isInteractive = isInteractive
  }

  /// The screen behind a file descriptor.
  ///
  /// Colour needs a terminal, no `NO_COLOR` (<https://no-color.org>) and a `TERM` that has colours;
  /// UTF-8 is read from `LC_ALL`, `LC_CTYPE` or `LANG`, the first that is set. The width is the
  /// terminal's, else that of `COLUMNS`, else 80.
  public static func behind(descriptor: Int32) -> Terminal {
    let isTerminal = isatty(descriptor) == 1
    return Terminal(
      isTerminal: isTerminal, columns: isTerminal ? windowColumns(descriptor) : nil,
      environment: ProcessInfo.processInfo.environment)
  }

  /// What `behind` finds, from what the system and the environment say.
  package init(isTerminal: Bool, columns: Int?, environment: [String: String]) {
    func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let locale = set("LC_ALL") ?? set("LC_CTYPE") ?? set("LANG") ?? "C"
    let isUnicode =
      locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
    let term = set("TERM") ?? "dumb"
    let ink: Ink
    if !isTerminal || term == "dumb" || set("NO_COLOR") != nil {
      ink = isUnicode ? .shades : .ascii
    } else if ["truecolor", "24bit"].contains(set("COLORTERM") ?? "") || term.hasSuffix("-direct") {
      ink = .trueColor
    } else if term.contains("256color") {
      ink = .indexed
    } else {
      ink = isUnicode ? .shades : .ascii
    }
    self.init(
      width: columns ?? set("COLUMNS").flatMap { Int($0) } ?? 80, ink: ink, isUnicode: isUnicode,
      isInteractive: isTerminal && term != "dumb")
  }

  /// The columns that the terminal driver reports, if it knows.
  private static func windowColumns(_ descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
