internal import Inputs
internal import Models

/// A basis job before any weight is read: the job, its model's shape, texts and lens, checked
/// against each other.
struct BasisJob: Sendable {
  let spec: BasisSpec
  let data: ModelTexts
  let lens: HiddenLens
  /// SHA-256 of the tuned lens, where there is one.
  let lensDigest: String?
  let numbering: BasisUnit.Numbering

  init(_ spec: BasisSpec) throws(Refusal) {
    self.spec = spec
    data = try ModelTexts(spec.model, spec.data)
    let shape = data.published.shape
    let layers = try spec.basis.layers.resolve(
      count: shape.layers, of: spec.model.path.written)
    switch spec.basis.lens {
    case .model: (lens, lensDigest) = (.model, nil)
    case .logit: (lens, lensDigest) = (.logit, nil)
    case .tuned:
      let folder = try TunedLensFolder(reading: spec.basis.tunedLens?.resolved ?? "")
      (lens, lensDigest) = (.tuned(folder.lens), folder.digest)
    }
    let limits = BasisLimits(
      shape: shape, site: spec.basis.site, lens: lens, lengths: data.texts.map(\.count))
    do throws(Refusal) {
      try limits.check(spec.basis.settings)
    } catch { throw spec.basis.located(error.inFile(spec.file)) }
    numbering = BasisUnit.Numbering(layers: layers, spec.basis.settings)
  }

  var width: Int { data.published.shape.width(of: spec.basis.site) }
}
