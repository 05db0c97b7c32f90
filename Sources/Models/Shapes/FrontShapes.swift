/// How an image becomes rows: one for the whole, then one for each square of pixels, line by line.
///
/// Dosovitskiy et al., 2021, <https://arxiv.org/abs/2010.11929>.
public struct PatchShape: Sendable, Equatable {
  public var channels: Int
  /// Of an image, in pixels.
  public var height, width: Int
  /// Of a patch, in pixels.
  public var patchHeight, patchWidth: Int

  public init(
    channels: Int, height: Int, width: Int, patchHeight: Int, patchWidth: Int
  ) {
    (self.channels, self.height, self.width) = (channels, height, width)
    (self.patchHeight, self.patchWidth) = (patchHeight, patchWidth)
  }

  public var imageSize: [Int] { [channels, height, width] }
  /// Patches that fit.
  public var count: Int { (height / patchHeight) * (width / patchWidth) }
  /// Numbers of one patch.
  var inputs: Int { channels * patchHeight * patchWidth }
}

/// How frames of a sound become rows, half as many: two convolutions over three frames each, the second
/// of every other frame.
///
/// Radford et al., 2022, <https://arxiv.org/abs/2212.04356>.
public struct FrameShape: Sendable, Equatable {
  /// Numbers of a frame.
  public var channels: Int
  /// Frames that a convolution sees.
  static let kernel = 3

  public init(channels: Int) { self.channels = channels }
}
