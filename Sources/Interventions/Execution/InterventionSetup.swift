public import Autodiff
public import Models
public import Tensors

/// Interventions and the sites at which they act, resolved against a model: what stays the same from
/// call to call.
public struct InterventionSetup<Scalar: Real>: Sendable {
  /// How sources and base depend on each other.
  public enum Mode: String, Sendable, CaseIterable {
    /// All sources run by themselves, and every change is made in one run of the base.
    case parallel
    /// Each group changes the next group's source; the last one changes the base.
    case serial
  }

  /// One representation: an intervention at a site.
  public struct Entry: Sendable {
    /// The reference's key, `layer_L_comp_C_unit_U_nunit_N#K`.
    public let key: String
    /// Where values are changed; never a site that only splits another's tensor.
    public let site: Site
    /// Of the site, from 0.
    public let layer: Int
    /// How the site's rows are cut.
    public let grid: UnitGrid
    /// Which of the interventions acts here. Linked entries share one.
    public let intervention: Int
    /// The number of the source that the entry reads.
    public let group: Int
    /// Where the source's value is read: `site`, unless the type reads a module's input.
    public let sourceSite: Site
    /// Entries of one value act by this number first: modules that hold the same value are come by
    /// one after another. Those of one module act in the order of the list.
    public var order = 0

    /// Where what the site's module read can be seen in the same run; nil where that is no site.
    var inputSite: Site? { site.moduleInput }

    /// An entry at the unsplit site of `site`.
    public init(
      key: String, site: Site, layer: Int, grid: UnitGrid, intervention: Int, group: Int,
      sourceSite: Site? = nil
    ) {
      self.key = key
      self.site = site.unsplit
      self.layer = layer
      self.grid = grid
      self.intervention = intervention
      self.group = group
      self.sourceSite = sourceSite ?? site.unsplit
    }
  }

  /// Each type that entries use, with its parameters.
  public var interventions: [any Intervention<Scalar>]
  /// In the order in which they act where they share a site.
  public let entries: [Entry]
  /// How sources and base depend on each other.
  public let mode: Mode

  /// A set-up that is resolved already; see `init(_:in:mode:)` for one that is not.
  public init(
    interventions: [any Intervention<Scalar>], entries: [Entry], mode: Mode = .parallel
  ) {
    precondition(
      entries.allSatisfy { interventions.indices.contains($0.intervention) },
      "an entry of an intervention that is not there")
    self.interventions = interventions
    self.entries = entries
    self.mode = mode
  }

  /// Along what changed runs are cut; one that touches what stands before or after all blocks of a
  /// transformer runs whole.
  package func cut(in model: any IntervenableModel<Scalar>) -> RunCut {
    switch model.continuation {
    case .blocks, .stacks: entries.allSatisfy(\.site.isInBlock) ? model.continuation.cut : .none
    case .steps, .stages, .none: model.continuation.cut
    }
  }

  /// The number of sources.
  public var groupCount: Int { (entries.map(\.group).max() ?? -1) + 1 }

  /// What acts at an entry.
  public func intervention(of entry: Int) -> any Intervention<Scalar> {
    interventions[entries[entry].intervention]
  }

  /// Every intervention's parameters for a run, as leaves where training changes them.
  public func bound(on tape: Tape<Scalar>, asLeaves: Bool = false) -> [BoundParameters<Scalar>] {
    interventions.map { $0.parameters.bound(on: tape, asLeaves: asLeaves) }
  }

  /// Sets the temperature of every intervention that has one.
  public mutating func setTemperature(_ value: Scalar) {
    for index in interventions.indices {
      guard var tempered = interventions[index] as? any Tempered<Scalar> else { continue }
      tempered.setTemperature(value)
      interventions[index] = tempered
    }
  }
}
