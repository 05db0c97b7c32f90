internal import Models

/// The axis along which an intervention's places are chosen.
///
/// The names are the reference's; `h.pos` is every listed head at every listed position.
public enum UnitAxis: String, Sendable, CaseIterable {
  /// Positions of the example; where rows are pixels, channels.
  case position = "pos"
  /// Heads, at every position; of attention weights and sense vectors alike.
  case head = "h"
  case headPosition = "h.pos"
  /// Time steps of a recurrent model.
  case step = "t"
  /// Coordinates of the site's row, at every position.
  case feature = "dim"
  /// Channels of an image, at every pixel.
  case channel
  /// Pixels of an image, numbered row by row.
  case pixel
  /// Every listed channel at every listed pixel.
  case channelPixel = "channel.pixel"
  /// Sense vectors of a Backpack at positions.
  case sensePosition = "sense.pos"

  /// Whether a place is a pair, such as a head and a position.
  public var isPair: Bool {
    self == .headPosition || self == .sensePosition || self == .channelPixel
  }

  /// Whether the units are blocks of a row, chosen by number, at every position.
  var choosesBlocksOnly: Bool { self == .head || self == .feature || self == .channel }

  /// The axes along which a site can be addressed.
  static func axes(of site: Site, heads: Int?, extent: SiteExtent) -> [UnitAxis] {
    if extent.isImage { return [.channel, .pixel, .channelPixel, .feature, .position] }
    if Site.cellSites.contains(site) { return [.step, .feature] }
    if site.isWideAsContext { return [.head, .headPosition, .position] }
    if site == .senseNetworkOutput { return [.sensePosition, .feature] }
    if site.isSplitIntoHeads { return [.head, .headPosition, .feature] }
    return heads == nil ? [.position, .feature] : [.position, .head, .headPosition, .feature]
  }
}

extension Site {
  /// Whether a row has an element for each key of the context, head by head.
  var isWideAsContext: Bool { own == .attentionWeight || self == .contextualization }
}
