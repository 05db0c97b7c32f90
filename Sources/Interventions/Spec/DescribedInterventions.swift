internal import Autodiff
package import Inputs
package import Models
internal import Tensors

/// Interventions of a job, from descriptions in the reference's words, resolved against a model.
package struct DescribedInterventions: Sendable {
  private let spec: SpecSetup

  /// - Parameters:
  ///   - fields: One description each, as `representations` of a specification have them.
  ///   - tensors: A safetensors file with the tensors `in.NAME` that descriptions name.
  package init(
    _ fields: [JSONField], in model: any IntervenableModel<Float>, tensors: String? = nil
  ) throws(Refusal) {
    var representations: [RepresentationSpec] = []
    for field in fields {
      let last = representations.last?.type
      representations.append(try RepresentationSpec(field, usual: last))
    }
    spec = try SpecSetup(
      representations, mode: .parallel, in: model, tensors: SpecTensors(tensors))
    for (index, width) in spec.widths.enumerated() where width == nil {
      throw representations[index].field.refusal(
        "an intervention on \(representations[index].component)",
        expected: "a site whose width does not change with the context")
    }
  }

  /// The interventions and where they act.
  package var setup: InterventionSetup<Float> { spec.setup }

  /// The elements of the vectors that each intervention changes, by intervention.
  package var widths: [Int] {
    setup.interventions.indices.map { number in
      let entry = setup.entries.firstIndex { $0.intervention == number } ?? 0
      return spec.widths[entry] ?? 0
    }
  }

  /// How each entry's units are numbered.
  package var units: [UnitAxis] { setup.entries.map(\.grid.axis) }

  /// What training changes. Temperatures are left to schedules.
  package var trained: [InterventionTraining<Float>.Address] {
    InterventionTraining.addresses(in: setup).filter { $0.name != Self.temperatureName }
  }

  private static let temperatureName = BoundlessRotatedSpace<Float>.temperatureName

  /// The name of a boundless rotation's boundary.
  package static let boundaryName = BoundlessRotatedSpace<Float>.boundaryName

  /// Whether the reference has all the types, so that a folder of its own can hold them.
  package var isKnownToReference: Bool {
    spec.representations.allSatisfy { SavedInterventionType(rawValue: $0.type.rawValue) != nil }
  }

  /// The first entry whose rotation has fewer columns than rows; nil where there is none.
  package var entryOfLowRankRotation: Int? {
    setup.entries.firstIndex {
      let original = setup.interventions[$0.intervention]
        .parameters[OrthogonalWeight<Float>.originalName]
      return original.map { $0.width < $0.rows } ?? false
    }
  }

  /// Refuses a call that does not fit.
  package func check(
    _ call: InterventionCall<Float>, _ model: any IntervenableModel<Float>
  ) throws(Refusal) { try InterventionRun(model, setup).check(call) }

  /// The coordinates that an entry exchanges: parts of its partition, or single coordinates where it
  /// has none; nil: the usual ones.
  package func coordinates(
    of entry: Int, parts: [Int]?, at field: JSONField
  ) throws(Refusal) -> Coordinates {
    guard let parts else { return spec.usual[entry] }
    let intervention = setup.intervention(of: entry)
    guard let count = intervention.coordinateCount(width: spec.widths[entry] ?? 0) else {
      throw field.refusal(
        "subspaces", expected: "none: \(intervention.name) chooses by itself")
    }
    let partition = spec.representations[entry].partition
    let limit = partition?.count ?? count
    if let outside = parts.first(where: { $0 < 0 || $0 >= limit }) {
      throw field.refusal("subspace \(outside)", expected: "0 to \(limit - 1)")
    }
    return .shared(partition.map { partition in parts.flatMap { partition[$0] } } ?? parts)
  }

  /// The interventions with other numbers, as a folder of the reference.
  package func folder(
    with interventions: [any Intervention<Float>]
  ) throws(Refusal) -> PyveneFolder { try spec.with(interventions).folder() }

  /// These interventions with their rotations replaced by another's random ones; nil where none of
  /// them rotates.
  package func rotated(
    _ interventions: [any Intervention<Float>], like others: DescribedInterventions
  ) -> [any Intervention<Float>]? {
    typealias Names = OrthogonalWeight<Float>
    var result = interventions
    var rotates = false
    for (number, other) in others.setup.interventions.enumerated() {
      for name in [Names.originalName, Names.baseName] {
        guard let value = other.parameters[name] else { continue }
        result[number].parameters[name] = value
        rotates = true
      }
      for name in (other as? Expression<Float>)?.orthogonalNames ?? [] {
        let base = Expression<Float>.baseName(name)
        let original = Expression<Float>.originalName(name)
        // One that starts from a given tensor has no random start to be compared with.
        guard let start = other.parameters[base], let turned = other.parameters[original],
          start.elements != setup.interventions[number].parameters[base]?.elements
        else { continue }
        result[number].parameters[base] = start
        result[number].parameters[original] = turned
        rotates = true
      }
    }
    return rotates ? result : nil
  }
}
