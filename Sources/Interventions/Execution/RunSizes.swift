internal import Models
internal import Tensors

/// How large the examples of a run are.
struct RunSizes {
  /// Of each example; of an image its pixels.
  let positions: [Int]
  /// Of each example, if they are images.
  let images: [ImageSize]?

  init(positions: [Int]) { (self.positions, images) = (positions, nil) }

  init<Scalar: Real>(_ inputs: ModelInputs<Scalar>) {
    (positions, images) = (inputs.lengths, inputs.imageSizes)
  }

  /// The rows of each example at a site.
  func lengths(at grid: UnitGrid) -> [Int] {
    grid.extent.lengths(positions: positions, images: images)
  }

  /// The size of each example's image at a site.
  func images(at grid: UnitGrid) -> [ImageSize]? { grid.extent.images(of: images) }
}
