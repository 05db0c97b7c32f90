package import Inputs
package import JobFiles
package import Prompts

/// A job of the kind `das`: interventions trained so that exchanging what they find in a model's
/// states has the effects that a causal model predicts, with every default filled in.
///
/// Distributed alignment search: Geiger et al., 2023, <https://arxiv.org/abs/2303.02536>.
package struct DasSpec: TrainingSpec {
  /// Where the model comes from.
  package enum Model: Sendable {
    case folder(ModelSection)
    /// `[pretrain]`: the job trains it first, in a run of its own inside the run's folder.
    case pretrained(ModelTrainSpec)
  }

  package static let jobKind = JobKind.das

  let place: JobPlace
  package let seed: Int
  package let model: Model
  package let data: ExampleSection
  package let interventions: [InterventionItem]
  /// A safetensors file with the tensors that descriptions name.
  package let tensors: JobPath?
  package let sweep: SweepSection
  package let train: TrainSection
  package let common: CommonSections
  package let pace: TrainingPace

  package init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    let name = try f.begin(Self.jobKind)
    let seed = try f.field(
      "seed", .seed, or: 0, "Of random starts, of the order of examples and of the controls.")
    self.seed = seed
    let model = try f.optional(
      "model", .table(ModelSection.init),
      needed: Fields.When(!f.has("pretrain"), "without pretrain"),
      "The model.")
    data = try f.required("data", .table(ExampleSection.init), "Bases, sources and labels.")
    interventions = try f.required(
      "interventions",
      .tables("no interventions") { (f, _) throws(Refusal) in try InterventionItem(&f) },
      "What is trained, in the words of pyvene's representations.")
    tensors = try f.optional(
      "tensors", .path, "A safetensors file with the tensors that interventions name.")
    sweep =
      try f.optional(
        "sweep", .table(SweepSection.init),
        "Each layer with each place with each width is one training.")
      ?? SweepSection(nothingIn: f.place)
    let types = interventions.map(\.typeName)
    train = try f.required(
      "train", .table { (f) throws(Refusal) in try TrainSection(&f, of: .interventions(types)) },
      "The loss, the optimiser, and how the data are gone through.")
    var first = try f.optional(
      "pretrain",
      .table { (f) throws(Refusal) in
        try ModelTrainSpec(partOf: &f, seed: seed)
      }, apartFrom: ["model"],
      "A model that the job trains first, by these fields of a job of the kind train.")
    (common, pace) = try f.common(
      name: name, hasNaive: true, apartFrom: model ?? first?.model.folder, TrainingPace.init)
    first?.isRun(as: common, pace)
    guard let start = first.map(Model.pretrained) ?? model.map(Model.folder) else {
      throw f.place.member("model").refusal("no model", expected: "[model] or [pretrain]")
    }
    self.model = start
    if !f.isManual { try checkSweep() }
  }

  /// Refuses axes of the sweep that nothing follows, and rotations that nothing trains.
  private func checkSweep() throws(Refusal) {
    let axes = [
      ("layers", sweep.layers != nil, interventions.contains(where: \.needsLayer), "layer"),
      (
        "positions", sweep.positions != nil, interventions.contains { $0.position == nil },
        "position"
      ),
      (
        "widths", sweep.widths != nil, interventions.contains { $0.openWidth != nil },
        "low_rank_dimension (or the like)"
      ),
    ]
    for (axis, isSwept, isOpen, field) in axes where isSwept && !isOpen {
      throw sweep.place.member(axis).refusal(
        "\(axis) that no intervention follows", expected: "an intervention without \(field)")
    }
    for item in interventions where item.turnsAll && sweep.widths == nil {
      throw item.field("subspaces").refusal(
        "a rotation without subspaces, which exchanges everything however it turns",
        expected: "subspaces, or interchange_dim, or sweep.widths")
    }
  }

  package var modelName: String {
    switch model {
    case .folder(let section): section.path.written
    case .pretrained(let first): first.modelName
    }
  }

  func trained(_ point: DasGrid.Point, in folder: String) -> String {
    "\(folder)/interventions/\(point.name)"
  }
}
