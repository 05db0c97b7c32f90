package import Inputs
package import JobFiles
internal import Lenses
package import Prompts

extension LensSettings {
  /// The fields of `[lens]` but its layers.
  init(_ f: inout Fields) throws(Refusal) {
    self.init()
    algorithm = try f.field(
      "optimizer", .choice(), or: algorithm, "PyTorch's optimiser of that name.")
    let isDescent = algorithm == .sgd
    rate = try f.field(
      "learning_rate", .number(0...1e30), or: isDescent ? 0.1 : 1e-3,
      usually: "0.1, with adam 0.001", "The step size, before the schedule.")
    momentum = try f.field(
      "momentum", .number(0..<1), or: momentum,
      only: Fields.When(isDescent, "optimizer = \"sgd\"", of: algorithm.rawValue),
      "The share of its pace that a step keeps, looking ahead by it (Nesterov).")
    weightDecay = try f.field(
      "weight_decay", .number(0...1e30), or: weightDecay,
      "The share of each weight that a step takes off, in units of the rate.")
    steps = try f.field("steps", .int(1...1 << 24), or: steps, "Steps of each layer's training.")
    batch = try f.field(
      "batch", .int(1...1 << 20), or: batch, unit: "microbatches",
      "Microbatches whose gradients make one step; the last step of an epoch has those that are "
        + "left.")
    clip = try f.field(
      "clip", .number(above: 0), or: 1, "The largest norm of a layer's gradient.")
    warmUp = try f.field(
      "warm_up", .int(0...steps).called("an integer from 0 to steps"), or: 0, unit: "steps",
      "Steps over which the rate rises from 0; then it falls to 0 on a straight line.")
    hasBias = try f.field("bias", .flag, or: true, "Whether the translators have one.")
    seed = UInt64(try f.field("seed", .seed, or: 0, "Of the order of tokens."))
    microbatchRows = try f.field(
      "microbatch", .int(1...1 << 20), or: microbatchRows, unit: "tokens",
      "Tokens that go through the model together; part of the job, unlike ranks.")
    skippedPositions = try f.field(
      "skip_positions", .int(0...1 << 20), or: 0, unit: "tokens",
      "Positions left out at the start of each text.")
  }
}

/// A job of the kind `lens`: a tuned lens for a model, with every default filled in.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 3.
package struct LensSpec: JobSpecification {
  package static let jobKind = JobKind.lens

  package let model: ModelSection
  package let data: TextSection
  package let layers: Selection
  let settings: LensSettings
  package let common: CommonSections
  package let pace: CheckpointPace

  package init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    model = try f.model()
    data = try f.required("data", .table(TextSection.init), "The texts.")
    (layers, settings) = try f.required(
      "lens",
      .table { (f) throws(Refusal) in
        (
          try f.field(
            "layers", .selection(of: .layer), orWritten: .text("all"),
            "The layers, each with a translator of its own."),
          try LensSettings(&f)
        )
      }, "What is trained, and how.")
    (common, pace) = try f.common(name: name, apartFrom: model, CheckpointPace.init)
  }

  package var modelName: String { model.path.written }
}
