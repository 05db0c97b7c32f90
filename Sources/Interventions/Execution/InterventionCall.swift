public import Models
public import Tensors

/// What a set-up is applied to once: a base, sources, and where each entry acts in them.
public struct InterventionCall<Scalar: Real>: Sendable {
  /// A value that takes a source run's place.
  public struct Given: Sendable {
    /// The elements of one vector, which go to all of them; or all of an entry's units, in the shape
    /// in which they are collected.
    public let value: Tensor<Scalar>
    /// Whether a value with a first axis of 1 goes to every example, as the reference's noise does.
    public let repeatsOverExamples: Bool

    /// A value for every vector, or one for each unit.
    public init(_ value: Tensor<Scalar>, repeatsOverExamples: Bool = false) {
      self.value = value
      self.repeatsOverExamples = repeatsOverExamples
    }
  }

  /// Where an entry reads and writes, and which coordinates it may change.
  public struct Places: Sendable {
    /// In the source that the entry reads; nil if it reads none.
    public var source: UnitPlaces?
    /// In the base; in serial mode in the next group's source, for all groups but the last.
    public var base: UnitPlaces
    /// `perVector` here means of each example.
    public var coordinates: Coordinates
    /// What stands in for the source.
    public var given: Given?
    /// Numbers that a type reads by name, such as a formula.
    public var numbers: [String: Scalar] = [:]

    /// Places; all coordinates and no given value unless said.
    public init(
      source: UnitPlaces? = nil, base: UnitPlaces, coordinates: Coordinates = .all,
      given: Given? = nil
    ) {
      self.source = source
      self.base = base
      self.coordinates = coordinates
      self.given = given
    }
  }

  /// What is run with changes.
  public var base: ModelInputs<Scalar>
  /// By group; nil leaves out the interventions that would read it, and in serial mode all others of
  /// the group too, but for those that are given a value.
  public var sources: [ModelInputs<Scalar>?]
  /// By entry.
  public var places: [Places]

  /// A call; without sources only interventions that need none can act.
  public init(
    base: ModelInputs<Scalar>, sources: [ModelInputs<Scalar>?] = [], places: [Places]
  ) {
    self.base = base
    self.sources = sources
    self.places = places
  }

  /// Whether a group's source is said to be none.
  func isNull(_ group: Int) -> Bool { sources.indices.contains(group) && sources[group] == nil }

  /// The source that a group reads, if there is one.
  func source(of group: Int) -> ModelInputs<Scalar>? {
    sources.indices.contains(group) ? sources[group] : nil
  }
}
