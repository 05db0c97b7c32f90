package import Inputs
package import Interventions
internal import Tokenizers

/// What `causeway intervene` does: one specification's run, its tensors, and what a person sees of it.
package struct InterveneCommand: Sendable {
  /// The specification's file.
  package var path: String
  /// The folder in which its model is a name.
  package var models: String?
  package var isNaive = false
  /// A folder for the interventions as they are after the run.
  package var saveTo: String?
  /// The file that tensors are written to; where none are, the unchanged run is made though `outputs`
  /// leaves it out, since it is there to be looked at.
  package var output: String?
  /// Whether what is there may be replaced; an input never is.
  package var force = false
  package var microbatches: Microbatches?
  /// The positions that are shown; nil: the last, or the masked ones.
  package var at: String?
  /// How many of the most probable answers of each run are shown.
  package var top = 5
  /// The files that pictures are written to.
  package var png: String?
  package var svg: String?

  package init(_ path: String) { self.path = path }

  /// The run, with all that can be refused before it.
  package func prepared() throws(Refusal) -> Prepared {
    let opened = try OpenedSpec(
      path, models: models, isNaive: isNaive, saveTo: saveTo,
      outputs: ([output, png, svg].compactMap(\.self), force), microbatches: microbatches)
    if at != nil, !opened.run.hasPositions {
      throw Refusal(
        .commandLine, field: AskedPositions.option, found: "the option",
        expected: "none: this run gives no logits of positions")
    }
    if png != nil || svg != nil, !opened.run.hasPictures {
      throw Refusal(
        .commandLine, field: "--png or --svg", found: "a picture of generated text",
        expected: "none: it is text")
    }
    let positions = try AskedPositions(at, mask: opened.maskToken)
    return Prepared(
      opened: opened,
      request: ReportRequest(top: top, wantsOriginal: output == nil) {
        (input) throws(Refusal) in try positions(input)
      })
  }

  /// A run that was checked.
  package struct Prepared {
    let opened: OpenedSpec
    let request: ReportRequest

    /// Runs it.
    package func callAsFunction() throws(Refusal) -> (SpecOutputs, SpecViews) {
      let (outputs, report) = try opened.run.reported(request)
      return (outputs, SpecViews(report, opened.words))
    }
  }
}

extension OpenedSpec {
  /// The token that stands for what a masked model is to say; nil of other models.
  fileprivate var maskToken: Int? {
    run.isMasked ? words.tokenizer?.maskToken : nil
  }
}

extension Tokenizer {
  /// The token that stands for what a masked model is to say; nil where there is none.
  var maskToken: Int? { ["[MASK]", "<mask>"].lazy.compactMap { id(of: $0) }.first }
}
