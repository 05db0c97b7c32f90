internal import Inputs
internal import Models

/// Finds the site that a representation names in a model.
struct SiteResolution {
  let site: Site
  let layer: Int
  let grid: UnitGrid
  /// When a run comes by it, among components that hold the same value.
  let order: Int
  /// What the site's module reads, if that is a site of the same size.
  private let input: Site?

  init(_ spec: RepresentationSpec, in model: any IntervenableModel<Float>) throws(Refusal) {
    (site, layer) = try Self.place(spec, in: model)
    order = model.order(ofComponent: spec.component)
    let layer = layer
    input = site.moduleInput.flatMap { [site] in
      $0.fits(site, layer: layer, in: model) ? $0 : nil
    }
    do {
      grid = try UnitGrid(of: site, layer: layer, along: spec.unit, in: model)
    } catch {
      throw try (spec.field.optional("unit") ?? spec.field).refusal(
        error.found, expected: error.expected)
    }
  }

  private static func place(
    _ spec: RepresentationSpec, in model: any IntervenableModel<Float>
  ) throws(Refusal) -> (Site, Int) {
    let field = try spec.field.optional("component") ?? spec.field
    if spec.component.contains(".") {
      guard let place = model.site(atModulePath: spec.component) else {
        let near = nearPath(to: spec.component, in: model).map { " (\($0)?)" } ?? ""
        throw field.refusal(
          "the module path \(quoted(spec.component)), which the model does not have",
          expected: "a path of a site of the model, ending in .input or .output\(near)")
      }
      return place
    }
    let names = model.siteNames
    let known = model.sites.filter { $0.site.rawValue == spec.component }
    guard let first = known.first else {
      let near = nearest(to: spec.component, among: names).map { " (\($0)?)" } ?? ""
      throw field.refusal(
        "the component \(quoted(spec.component)), which the model does not have",
        expected: "one of \(names.joined(separator: ", "))\(near)")
    }
    guard known.contains(where: { $0.layers.contains(spec.layer) }) else {
      throw try (spec.field.optional("layer") ?? spec.field).refusal(
        "layer \(spec.layer)",
        expected: "a layer of \(spec.component): "
          + known.map { "\($0.layers.lowerBound) to \($0.layers.upperBound - 1)" }
          .joined(separator: ", "))
    }
    return (first.site, spec.layer)
  }

  /// The module path that was perhaps meant, in the layer that is named or the first.
  private static func nearPath(
    to path: String, in model: any IntervenableModel<Float>
  ) -> String? {
    let numbers = path.split { ".[]".contains($0) }.compactMap { Int($0) }
    let paths = model.modulePaths(ofLayer: numbers.first ?? 0)
    // A path without its side is nearer to nothing than to itself with one.
    return paths.first { $0 == path + ".output" } ?? nearest(to: path, among: paths)
  }

  /// Where a type that reads its module's input finds it.
  func moduleInput(_ spec: RepresentationSpec) throws(Refusal) -> Site {
    if let input { return input }
    throw try (spec.field.optional("component") ?? spec.field).refusal(
      "\(site.rawValue) for \(spec.type.rawValue)",
      expected:
        "the output of a module whose input is a site of the same size: block_output, mlp_output, "
        + "attention_output or cell_output")
  }
}
