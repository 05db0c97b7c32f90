/// A named place in a model where an activation is made, and where it can be read or changed.
///
/// The names are pyvene's (Wu et al., 2024, <https://arxiv.org/abs/2403.07809>), the vocabulary
/// that the field shares. Shapes are of one packed batch: a row is a token.
public enum Site: String, Sendable, Codable, CaseIterable, Hashable {
  /// The residual stream that enters a block, `[rows, width]`.
  case blockInput = "block_input"
  /// The residual stream that leaves a block, `[rows, width]`.
  case blockOutput = "block_output"
  /// What the attention reads: the normalised stream, `[rows, width]`.
  case attentionInput = "attention_input"
  /// Queries before any rotation, `[rows, heads · headWidth]`.
  case queryOutput = "query_output"
  /// Keys before any rotation, `[rows, keyHeads · headWidth]`.
  case keyOutput = "key_output"
  /// Values, `[rows, keyHeads · headWidth]`.
  case valueOutput = "value_output"
  /// `queryOutput` by head, `[head, rows, headWidth]` of each sequence.
  case headQueryOutput = "head_query_output"
  /// `keyOutput` by key head.
  case headKeyOutput = "head_key_output"
  /// `valueOutput` by key head.
  case headValueOutput = "head_value_output"
  /// The probabilities after the softmax, `[head, query, key]` of each sequence.
  case attentionWeight = "attention_weight"
  /// The mixed values before the output projection, `[rows, heads · headWidth]`.
  case attentionValueOutput = "attention_value_output"
  /// `attentionValueOutput` by head.
  case headAttentionValueOutput = "head_attention_value_output"
  /// What the attention adds to the stream, `[rows, width]`.
  case attentionOutput = "attention_output"
  /// What the MLP reads: the normalised stream, `[rows, width]`.
  case mlpInput = "mlp_input"
  /// The nonlinearity's output (of a gated MLP: the gate's), `[rows, mlpWidth]`.
  case mlpActivation = "mlp_activation"
  /// What the MLP adds to the stream, `[rows, width]`.
  case mlpOutput = "mlp_output"

  /// The site whose tensor this one splits into heads; itself where nothing is split.
  public var unsplit: Site {
    switch self {
    case .headQueryOutput: .queryOutput
    case .headKeyOutput: .keyOutput
    case .headValueOutput: .valueOutput
    case .headAttentionValueOutput: .attentionValueOutput
    default: self
    }
  }

  /// The sites of a transformer's block.
  public static let decoderSites: [Site] = [
    .blockInput, .blockOutput, .attentionInput, .queryOutput, .keyOutput, .valueOutput,
    .headQueryOutput, .headKeyOutput, .headValueOutput, .attentionWeight, .attentionValueOutput,
    .headAttentionValueOutput, .attentionOutput, .mlpInput, .mlpActivation, .mlpOutput,
  ]

  public var isSplitIntoHeads: Bool { unsplit != self }

  /// Whether a change at one position reaches later positions in the same block.
  public var reachesLaterPositionsInItsBlock: Bool {
    switch unsplit {
    case .blockInput, .attentionInput, .keyOutput, .valueOutput: true
    default: false
    }
  }
}
