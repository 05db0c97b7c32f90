public import Autodiff
public import Tensors

/// A residual convolutional network with its weights.
///
/// Rows are pixels and columns channels; the images of a batch may be of different sizes.
public struct ResNetModel<Scalar: Real>: Sendable {
  /// Sizes and choices.
  public let shape: ResNetShape
  private let held: LayerWeights<Scalar>
  private let stem: Layer
  private let blocks: [Block]
  private let classifier: Linear<Scalar>

  /// A convolution with its norm.
  private struct Layer: Sendable {
    let convolution: Convolution<Scalar>
    let norm: BatchNorm<Scalar>
  }

  private struct Block: Sendable {
    let layers: [Layer]
    let shortcut: Layer?
  }

  /// - Precondition: The weights are those of `shape`, by name and size.
  public init(
    _ shape: ResNetShape, _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar> = Tape()
  ) {
    self.shape = shape
    let held = LayerWeights(shape.weights, weights, on: tape)
    self.held = held
    func layer(_ path: String, _ shape: ResNetShape.ConvolutionShape) -> Layer {
      Layer(
        convolution: Convolution(shape.window, held.linear("resnet.\(path).convolution")),
        norm: held.batchNorm("resnet.\(path).normalization"))
    }
    stem = layer("embedder.embedder", shape.stem)
    blocks = shape.blocks.map { block in
      Block(
        layers: block.convolutions.enumerated().map { layer("\(block.path).layer.\($0)", $1) },
        shortcut: block.shortcut.map { layer("\(block.path).shortcut", $0) })
    }
    classifier = held.linear("classifier.1")
  }
}

/// The pixels of a batch on their way through a convolutional model.
private struct Pixels<Scalar: Real> {
  var value: Variable<Scalar>
  var images: [ImageSize]
}

/// One run: what visits it and where its rows lie.
private struct ImageRun<Scalar: Real> {
  let tape: Tape<Scalar>
  let visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?

  func see(_ site: Site, _ layer: Int, _ x: Pixels<Scalar>) -> Pixels<Scalar> {
    guard let visit else { return x }
    let places = RowPlaces(Batch(lengths: x.images.map(\.count)))
    return Pixels(
      value: visit(SiteValue(site: site, layer: layer, value: x.value, places: places)),
      images: x.images)
  }

  func activate(_ x: Pixels<Scalar>, _ activation: Activation) -> Pixels<Scalar> {
    Pixels(value: tape.activate(x.value, activation), images: x.images)
  }
}

extension ResNetModel: IntervenableModel {
  /// The sites, each with its blocks.
  public var sites: [(site: Site, layers: Range<Int>)] { shape.siteLayers }

  /// The channels of a site, of the first block that has it.
  public func width(of site: Site) -> Int {
    let layer = sites.first { $0.site == site }?.layers.lowerBound ?? 0
    return shape.width(of: site, layer: layer)
  }

  /// The channels of a site in a block.
  public func width(of site: Site, layer: Int) -> Int { shape.width(of: site, layer: layer) }

  /// How an image shrinks on its way to a site.
  public func extent(of site: Site, layer: Int) -> SiteExtent {
    shape.extent(of: site, layer: layer)
  }

  /// The heads that a site's rows are made of, if any.
  public func heads(of site: Site) -> Int? { nil }

  /// The site at a published module path, or by its name in a block.
  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    shape.site(atModulePath: path)
  }

  /// The module whose value a site is.
  public func modulePath(of site: Site, layer: Int) -> String? {
    shape.modulePath(of: site, layer: layer)
  }

  /// When a run comes by a component among those that hold the same value.
  public func order(ofComponent component: String) -> Int {
    shape.order(ofComponent: component)
  }

  /// Every module path and every name of a site in a block; both number blocks within their stage.
  public func modulePaths(ofLayer layer: Int) -> [String] {
    shape.modules.map { ResNetShape.published($0.path) } + shape.names
  }

  public var continuation: Continuation<Scalar> { .stages(self) }
}

/// The stem, the blocks, and the end with the pooling and the scores, `[examples, classes]`.
extension ResNetModel: StagedModel {
  public var stageCount: Int { blocks.count + 2 }

  public func stage(of site: Site, layer: Int) -> Int {
    switch site {
    case .pixelValues, .embedderConvolutionOutput, .embedderNormalizationOutput,
      .embedderActivation:
      0
    case .embedderOutput: 1
    case .blockOutput: layer + 2
    case .poolerOutput, .logits: blocks.count + 1
    default: layer + 1
    }
  }

  /// The size of each image as a stage reads it.
  private func images(before stage: Int, of extents: InputLengths) -> [ImageSize] {
    let extent =
      switch stage {
      case 0: shape.extent(of: .pixelValues, layer: 0)
      case 1: shape.extent(of: .embedderOutput, layer: 0)
      default: shape.extent(of: .blockOutput, layer: stage - 2)
      }
    guard let images = extents.images(at: extent) else {
      preconditionFailure("the model reads images")
    }
    return images
  }

  public func rows(before stage: Int, of extents: InputLengths) -> [Int] {
    images(before: stage, of: extents).map(\.count)
  }

  public func start(of inputs: ModelInputs<Scalar>) -> Variable<Scalar> {
    guard case .images(let images) = inputs else { preconditionFailure("the model reads images") }
    return Variable(
      .concatenated(
        images.map {
          $0.reshaped([shape.channels, $0.shape[1] * $0.shape[2]]).transposed()
        }))
  }

  public func run(
    _ stages: Range<Int>, of x: Variable<Scalar>, extents: InputLengths, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    let run = ImageRun(tape: tape, visit: visit)
    let first = Pixels(value: x, images: images(before: stages.lowerBound, of: extents))
    return stages.reduce(first) { x, stage in self.stage(stage, x, in: run) }.value
  }

  private func stage(
    _ stage: Int, _ x: Pixels<Scalar>, in run: ImageRun<Scalar>
  ) -> Pixels<Scalar> {
    if stage == 0 { return embed(run.see(.pixelValues, 0, x), in: run) }
    let read = stage == 1 ? run.see(.embedderOutput, 0, x) : run.see(.blockOutput, stage - 2, x)
    if stage <= blocks.count {
      return block(blocks[stage - 1], stage - 1, run.see(.blockInput, stage - 1, read), in: run)
    }
    let one = ImageSize(height: 1, width: 1)
    let pooled = run.see(
      .poolerOutput, 0,
      Pixels(
        value: run.tape.averagePool(read.value, images: read.images, parts: one),
        images: read.images.map { _ in one }))
    let logits = classifier(pooled.value, on: run.tape)
    return run.see(.logits, 0, Pixels(value: logits, images: pooled.images))
  }

  private func embed(_ x: Pixels<Scalar>, in run: ImageRun<Scalar>) -> Pixels<Scalar> {
    var x = convolve(
      x, stem, 0, (.embedderConvolutionOutput, .embedderNormalizationOutput), in: run)
    x = run.see(.embedderActivation, 0, run.activate(x, shape.activation))
    let window = shape.stemPool
    return Pixels(
      value: run.tape.maxPool(x.value, images: x.images, window: window),
      images: x.images.map(window.size(of:)))
  }

  private func block(
    _ block: Block, _ layer: Int, _ x: Pixels<Scalar>, in run: ImageRun<Scalar>
  ) -> Pixels<Scalar> {
    var y = run.see(.conv0Input, layer, x)
    for (number, own) in block.layers.enumerated() {
      let sites = (
        ResNetShape.convolutionOutputs[number], ResNetShape.normalizationOutputs[number]
      )
      y = convolve(y, own, layer, sites, in: run)
      if number < block.layers.count - 1 { y = run.activate(y, .relu) }
      y = run.see(ResNetShape.outputs[number], layer, y)
    }
    var shortcut = run.see(.shortcutInput, layer, x)
    if let own = block.shortcut {
      shortcut = convolve(
        shortcut, own, layer, (.shortcutConvolutionOutput, .shortcutOutput), in: run)
    } else {
      shortcut = run.see(.shortcutOutput, layer, shortcut)
    }
    y.value = run.tape.add(y.value, shortcut.value)
    y = run.see(.blockPreactivation, layer, y)
    return run.activate(y, shape.activation)
  }

  private func convolve(
    _ x: Pixels<Scalar>, _ own: Layer, _ layer: Int,
    _ sites: (convolution: Site, normalization: Site), in run: ImageRun<Scalar>
  ) -> Pixels<Scalar> {
    var y = Pixels(
      value: own.convolution(x.value, images: x.images, on: run.tape),
      images: x.images.map(own.convolution.window.size(of:)))
    y = run.see(sites.convolution, layer, y)
    y.value = own.norm(y.value, on: run.tape)
    return run.see(sites.normalization, layer, y)
  }
}

extension ResNetModel: TrainableModel {
  /// The weights as they are published; running statistics are buffers.
  public var weights: NamedWeights<Scalar> { held.named }

  /// The same model over other weights.
  public func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> ResNetModel {
    ResNetModel(shape, weights, on: tape)
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits { shape.inputLimits }
}
