public import Inputs
public import Models
public import Tensors

/// An intervention at a site, as it is asked for.
public struct Representation<Scalar: Real>: Sendable {
  /// Where it acts.
  public var site: Site
  /// Of the site, from 0.
  public var layer: Int
  /// Along which its places are chosen.
  public var unit: UnitAxis
  /// What it does there.
  public var intervention: any Intervention<Scalar>
  /// The number of the source that it reads; its own place in the list unless said.
  public var group: Int?
  /// Representations with the same link share the first one's intervention.
  public var link: String?

  /// An intervention at every place of a site that a call will name.
  public init(
    _ intervention: any Intervention<Scalar>, at site: Site, layer: Int,
    unit: UnitAxis = .position, group: Int? = nil, link: String? = nil
  ) {
    self.intervention = intervention
    self.site = site
    self.layer = layer
    self.unit = unit
    self.group = group
    self.link = link
  }
}

extension InterventionSetup {
  /// Resolves interventions against a model.
  ///
  /// - Throws: A refusal of a site, layer or unit that the model does not have, or of a link between
  ///   types.
  public init(
    _ representations: [Representation<Scalar>], in model: any IntervenableModel<Scalar>,
    mode: Mode = .parallel
  ) throws(Refusal) {
    var interventions: [any Intervention<Scalar>] = []
    var links: [String: Int] = [:]
    var entries: [Entry] = []
    for (index, one) in representations.enumerated() {
      func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
        Refusal(
          .job, field: "representations[\(index)].\(field)", found: found, expected: expected)
      }
      let known = model.sites.filter { $0.site == one.site }.map(\.layers)
      guard !known.isEmpty else {
        throw refusal(
          "site", one.site.rawValue,
          "one of \(model.siteNames.joined(separator: ", "))")
      }
      guard known.contains(where: { $0.contains(one.layer) }) else {
        throw refusal(
          "layer", "layer \(one.layer)",
          "a layer from \(known.map { "\($0)" }.joined(separator: ", "))")
      }
      var number = interventions.count
      if let link = one.link, let former = links[link] {
        guard interventions[former].name == one.intervention.name else {
          throw refusal(
            "link", "\(one.intervention.name) with \(interventions[former].name)", "one type")
        }
        number = former
      } else {
        if let link = one.link { links[link] = number }
        interventions.append(one.intervention)
      }
      var source: Site?
      let looks = one.intervention.readsModuleInput || one.intervention.seesModuleInput
      if looks {
        guard let input = one.site.moduleInput else {
          throw refusal("site", one.site.rawValue, "the output of a module whose input is a site")
        }
        guard input.fits(one.site, layer: one.layer, in: model) else {
          throw refusal(
            "site", "\(one.site.rawValue) of layer \(one.layer), whose input has another size",
            "a module that leaves the size as it is")
        }
        if one.intervention.readsModuleInput { source = input }
      }
      entries.append(
        Entry(
          key: "\(one.site.rawValue) of layer \(one.layer), \(index)", site: one.site,
          layer: one.layer,
          grid: try UnitGrid(
            of: one.site, layer: one.layer, along: one.unit, in: model),
          intervention: number, group: one.group ?? index, sourceSite: source))
    }
    self.init(interventions: interventions, entries: entries, mode: mode)
  }
}

extension Site {
  /// Whether a layer has values of one size at this site and another.
  func fits<Scalar: Real>(
    _ other: Site, layer: Int, in model: any IntervenableModel<Scalar>
  ) -> Bool {
    model.width(of: self, layer: layer) == model.width(of: other, layer: layer)
      && model.extent(of: self, layer: layer) == model.extent(of: other, layer: layer)
  }

  /// What the module reads whose output the site is, where that is a site too.
  var moduleInput: Site? {
    let input: Site? =
      switch own {
      case .blockOutput: .blockInput
      case .mlpOutput: .mlpInput
      case .attentionOutput: .attentionInput
      case .cellOutput: .cellInput
      default: nil
      }
    return stack.map { input?.of($0) } ?? input
  }
}
