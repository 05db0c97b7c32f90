public import Inputs

/// A colour scale, under the name that matplotlib and ColorBrewer know it by.
///
/// Causal traces use the scales of Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, figure 1:
/// `Purples` for hidden states, `Greens` for MLPs, `Reds` for attention. The colours are Cynthia
/// Brewer's, <https://colorbrewer2.org>, and matplotlib's for `viridis`.
public enum ColorScale: String, Sendable, CaseIterable {
  case purples = "Purples"
  case greens = "Greens"
  case reds = "Reds"
  case blues = "Blues"
  case oranges = "Oranges"
  case greys = "Greys"
  case viridis
  /// Diverging: blue below the baseline, red above it.
  case redBlue = "RdBu_r"

  /// The scale of that name, which is read without regard to case.
  public static func named(_ name: String) throws(Refusal) -> ColorScale {
    if let scale = allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) {
      return scale
    }
    let names = allCases.map(\.rawValue)
    throw Refusal(
      .commandLine, found: "the colour scale \(quoted(name))",
      expected: nearest(to: name, among: names).map { "\($0) (did you mean that?)" }
        ?? "one of \(names.joined(separator: ", "))")
  }

  /// Whether the middle of the scale stands for no effect, and its two ends for opposite ones.
  public var isDiverging: Bool { self == .redBlue }

  /// Evenly spaced colours from the lowest value to the highest.
  package var stops: [RGB] {
    let values: [UInt32] =
      switch self {
      case .purples:
        [
          0xfcfbfd, 0xefedf5, 0xdadaeb, 0xbcbddc, 0x9e9ac8, 0x807dba, 0x6a51a3, 0x54278f, 0x3f007d,
        ]
      case .greens:
        [
          0xf7fcf5, 0xe5f5e0, 0xc7e9c0, 0xa1d99b, 0x74c476, 0x41ab5d, 0x238b45, 0x006d2c, 0x00441b,
        ]
      case .reds:
        [
          0xfff5f0, 0xfee0d2, 0xfcbba1, 0xfc9272, 0xfb6a4a, 0xef3b2c, 0xcb181d, 0xa50f15, 0x67000d,
        ]
      case .blues:
        [
          0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b,
        ]
      case .oranges:
        [
          0xfff5eb, 0xfee6ce, 0xfdd0a2, 0xfdae6b, 0xfd8d3c, 0xf16913, 0xd94801, 0xa63603, 0x7f2704,
        ]
      case .greys:
        [
          0xffffff, 0xf0f0f0, 0xd9d9d9, 0xbdbdbd, 0x969696, 0x737373, 0x525252, 0x252525, 0x000000,
        ]
      case .viridis:
        [
          0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725,
        ]
      case .redBlue:
        [
          0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7, 0xfddbc7, 0xf4a582, 0xd6604d,
          0xb2182b, 0x67001f,
        ]
      }
    return values.map(RGB.init(hexadecimal:))
  }

  /// The colour at a fraction of the scale, by straight lines between the stops.
  package func color(at fraction: Double) -> RGB {
    let stops = stops
    let place = min(max(fraction, 0), 1) * Double(stops.count - 1)
    let lower = min(Int(place), stops.count - 2)
    return stops[lower].mixed(with: stops[lower + 1], by: place - Double(lower))
  }
}

/// A colour in sRGB, eight bits a channel.
package struct RGB: Sendable, Equatable {
  package let red: Int
  package let green: Int
  package let blue: Int

  package init(hexadecimal: UInt32) {
    red = Int(hexadecimal >> 16 & 255)
    green = Int(hexadecimal >> 8 & 255)
    blue = Int(hexadecimal & 255)
  }

  package init(red: Int, green: Int, blue: Int) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  func mixed(with other: RGB, by part: Double) -> RGB {
    func mix(_ a: Int, _ b: Int) -> Int { Int((Double(a) + Double(b - a) * part).rounded()) }
    return RGB(
      red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
  }

  /// The six hexadecimal digits, after a `#`.
  package var hexadecimal: String {
    let digits = String(red << 16 | green << 8 | blue, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// The nearest of a terminal's 256 colours: its 6 × 6 × 6 cube (16 to 231) or its greys (232 on).
  package var terminalIndex: Int {
    let levels = [0, 95, 135, 175, 215, 255]
    func nearestLevel(_ channel: Int) -> Int {
      levels.indices.min { abs(levels[$0] - channel) < abs(levels[$1] - channel) } ?? 0
    }
    func distance(_ r: Int, _ g: Int, _ b: Int) -> Int {
      (red - r) * (red - r) + (green - g) * (green - g) + (blue - b) * (blue - b)
    }
    let (r, g, b) = (nearestLevel(red), nearestLevel(green), nearestLevel(blue))
    let grey = min(max(((red + green + blue) / 3 - 3) / 10, 0), 23)
    let level = 8 + 10 * grey
    return distance(level, level, level) < distance(levels[r], levels[g], levels[b])
      ? 232 + grey : 16 + 36 * r + 6 * g + b
  }
}
