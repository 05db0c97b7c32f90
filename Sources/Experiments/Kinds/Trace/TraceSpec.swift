package import Inputs
package import JobFiles
package import Prompts

/// A job of the kind `trace`: causal tracing, with every default filled in.
///
/// A fact's subject is corrupted; then, cell by cell, one site's clean value is put
/// back at one layer and position, and the metric says how much of the answer comes back with it.
/// Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, section 2.1.
package struct TraceSpec: JobSpecification {
  /// What of the published code a run follows to the letter.
  package enum Parity: String, CaseIterable, Sendable {
    /// Each fact has its own noise, drawn from the seed and its place in the data.
    case none
    /// The generator starts anew for each fact, so facts whose subjects have as many tokens get
    /// the same noise.
    case rome
  }

  package static let jobKind = JobKind.trace

  package let model: ModelSection
  package let data: DataSection
  package let corrupt: CorruptSection
  package let restore: [Restoration]
  package let metric: MetricSection
  package let parity: Parity
  package let common: CommonSections

  package init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    parity = try f.field(
      "parity", .choice(), or: .none,
      "rome: the noise as the published code draws it, the same for each fact whose subject has as "
        + "many tokens, and subjects where it finds them, at their first letters; none: each fact has "
        + "its own noise, and subjects are whole words.")
    model = try f.model()
    let parity = parity
    data = try f.required(
      "data", .table { (f) throws(Refusal) in try DataSection(&f, parity: parity) },
      "The facts, and which of them.")
    corrupt = try f.section("corrupt", "What makes the corrupted runs.") {
      (f) throws(Refusal) in try CorruptSection(&f, parity: parity)
    }
    restore = try Restoration.list(&f)
    let answers = data.facts.longAnswers
    metric = try f.section("metric", "What is read off the logits.") { (f) throws(Refusal) in
      try MetricSection(&f, answers)
    }
    common = try f.common(name: name, rounds: true, hasNaive: true, apartFrom: model)
  }

  package var modelName: String { model.path.written }
}
