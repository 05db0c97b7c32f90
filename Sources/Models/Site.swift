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
  /// Queries after their norm and before any rotation, `[rows, heads · headWidth]`.
  case queryNormOutput = "query_norm_output"
  /// Keys after their norm and before any rotation, `[rows, keyHeads · headWidth]`.
  case keyNormOutput = "key_norm_output"
  /// What the attention's output matrix makes, where `attentionOutput` holds sum and norm as well,
  /// `[rows, width]`.
  case attentionProjectionOutput = "attention_projection_output"
  /// What the MLP reads: the normalised stream, `[rows, width]`. Where no norm stands before it, that
  /// is the stream that its output is added to.
  case mlpInput = "mlp_input"
  /// The nonlinearity's output (of a gated MLP: the gate's), `[rows, mlpWidth]`.
  case mlpActivation = "mlp_activation"
  /// What the MLP adds to the stream, `[rows, width]`.
  case mlpOutput = "mlp_output"
  /// The scores of the experts before any softmax, `[rows, experts]`.
  case routerOutput = "router_output"

  /// The tokens' embeddings before positions are added, `[rows, width]`.
  case tokenEmbeddingOutput = "token_embedding_output"
  /// Learned embeddings of the rows' positions, `[rows, width]`.
  case positionEmbeddingOutput = "position_embedding_output"
  /// Queries, keys and values side by side where one matrix makes them; the three are cut from it,
  /// so see its changes. `[rows, 3 · width]`.
  case qkvOutput = "qkv_output"
  /// What keys and values are made of, after queries have read the normalised stream. Whoever reads
  /// the same value after them sees its changes: an MLP beside the attention on one norm, and the sum
  /// where the attention reads the stream itself.
  case keyInput = "key_input"
  /// What values are made of, after queries and keys have read the normalised stream; seen later as
  /// `keyInput` is.
  case valueInput = "value_input"
  /// The residual stream between attention and MLP, `[rows, width]`.
  case residualMiddle = "residual_middle"
  /// What the nonlinearity reads, `[rows, mlpWidth]`.
  case mlpPreactivation = "mlp_preactivation"
  /// What a gated MLP's ungated branch reads, after the gate has read it, `[rows, width]`.
  case mlpUpInput = "mlp_up_input"
  /// A gated MLP's ungated branch, `[rows, mlpWidth]`.
  case mlpUpOutput = "mlp_up_output"
  /// The product of a gated MLP's branches, `[rows, mlpWidth]`.
  case mlpProduct = "mlp_product"
  /// The normalised stream after the last block, `[rows, width]`.
  case finalNormOutput = "final_norm_output"
  /// The output head's, `[rows, vocabulary]`; of classifiers `[rows, classes]`.
  case logits = "logits"

  /// What a recurrent cell reads at a step, `[examples, width]`, as all the cell's sites are.
  case cellInput = "cell_input"
  /// The former state as the cell reads it.
  case stateInput = "state_input"
  /// The cell's new state.
  case cellOutput = "cell_output"
  /// What the input contributes to the reset, update and new gates, side by side: 3 · width.
  case x2hOutput = "x2h_output"
  /// What the former state contributes to the three gates, side by side: 3 · width.
  case h2hOutput = "h2h_output"
  /// A third of `x2hOutput`, as is each of the next two; made after it, so seeing its changes.
  case resetX2HOutput = "reset_x2h_output"
  case updateX2HOutput = "update_x2h_output"
  case newX2HOutput = "new_x2h_output"
  /// A third of `h2hOutput`, as is each of the next two.
  case resetH2HOutput = "reset_h2h_output"
  case updateH2HOutput = "update_h2h_output"
  case newH2HOutput = "new_h2h_output"
  /// A gate before its nonlinearity, as is each of the next two.
  case resetGateInput = "reset_gate_input"
  case updateGateInput = "update_gate_input"
  case newGateInput = "new_gate_input"
  /// A gate after its nonlinearity, as is each of the next two.
  case resetGateOutput = "reset_gate_output"
  case updateGateOutput = "update_gate_output"
  case newGateOutput = "new_gate_output"

  /// A Backpack's sense vectors, `[rows, senses · width]`, one after another; its heads are senses.
  case senseNetworkOutput = "sense_network_output"
  /// The weights that mix a Backpack's senses, `[rows, senses · keys]`, after the softmax.
  case contextualization = "contextualization"

  /// The sites of an encoder-decoder's encoder: each what its name says without the first word, and so
  /// are those of the decoder and of the decoder's attention to the encoder.
  case encoderBlockInput = "encoder_block_input"
  case encoderBlockOutput = "encoder_block_output"
  case encoderAttentionInput = "encoder_attention_input"
  case encoderQueryOutput = "encoder_query_output"
  case encoderKeyOutput = "encoder_key_output"
  case encoderValueOutput = "encoder_value_output"
  case encoderHeadQueryOutput = "encoder_head_query_output"
  case encoderHeadKeyOutput = "encoder_head_key_output"
  case encoderHeadValueOutput = "encoder_head_value_output"
  case encoderAttentionWeight = "encoder_attention_weight"
  case encoderAttentionValueOutput = "encoder_attention_value_output"
  case encoderHeadAttentionValueOutput = "encoder_head_attention_value_output"
  case encoderAttentionOutput = "encoder_attention_output"
  case encoderMlpInput = "encoder_mlp_input"
  case encoderMlpActivation = "encoder_mlp_activation"
  case encoderMlpOutput = "encoder_mlp_output"
  case encoderTokenEmbeddingOutput = "encoder_token_embedding_output"
  case encoderPositionEmbeddingOutput = "encoder_position_embedding_output"
  case encoderKeyInput = "encoder_key_input"
  case encoderValueInput = "encoder_value_input"
  case encoderResidualMiddle = "encoder_residual_middle"
  case encoderMlpPreactivation = "encoder_mlp_preactivation"
  case encoderMlpUpInput = "encoder_mlp_up_input"
  case encoderMlpUpOutput = "encoder_mlp_up_output"
  case encoderMlpProduct = "encoder_mlp_product"
  case encoderFinalNormOutput = "encoder_final_norm_output"
  case decoderBlockInput = "decoder_block_input"
  case decoderBlockOutput = "decoder_block_output"
  case decoderAttentionInput = "decoder_attention_input"
  case decoderQueryOutput = "decoder_query_output"
  case decoderKeyOutput = "decoder_key_output"
  case decoderValueOutput = "decoder_value_output"
  case decoderHeadQueryOutput = "decoder_head_query_output"
  case decoderHeadKeyOutput = "decoder_head_key_output"
  case decoderHeadValueOutput = "decoder_head_value_output"
  case decoderAttentionWeight = "decoder_attention_weight"
  case decoderAttentionValueOutput = "decoder_attention_value_output"
  case decoderHeadAttentionValueOutput = "decoder_head_attention_value_output"
  case decoderAttentionOutput = "decoder_attention_output"
  case decoderMlpInput = "decoder_mlp_input"
  case decoderMlpActivation = "decoder_mlp_activation"
  case decoderMlpOutput = "decoder_mlp_output"
  case decoderTokenEmbeddingOutput = "decoder_token_embedding_output"
  case decoderPositionEmbeddingOutput = "decoder_position_embedding_output"
  case decoderKeyInput = "decoder_key_input"
  case decoderValueInput = "decoder_value_input"
  case decoderResidualMiddle = "decoder_residual_middle"
  case decoderMlpPreactivation = "decoder_mlp_preactivation"
  case decoderMlpUpInput = "decoder_mlp_up_input"
  case decoderMlpUpOutput = "decoder_mlp_up_output"
  case decoderMlpProduct = "decoder_mlp_product"
  case decoderFinalNormOutput = "decoder_final_norm_output"
  case decoderCrossAttentionInput = "decoder_cross_attention_input"
  case decoderCrossQueryOutput = "decoder_cross_query_output"
  case decoderCrossKeyOutput = "decoder_cross_key_output"
  case decoderCrossValueOutput = "decoder_cross_value_output"
  case decoderCrossHeadQueryOutput = "decoder_cross_head_query_output"
  case decoderCrossHeadKeyOutput = "decoder_cross_head_key_output"
  case decoderCrossHeadValueOutput = "decoder_cross_head_value_output"
  case decoderCrossAttentionWeight = "decoder_cross_attention_weight"
  case decoderCrossAttentionValueOutput = "decoder_cross_attention_value_output"
  case decoderCrossHeadAttentionValueOutput = "decoder_cross_head_attention_value_output"
  case decoderCrossAttentionOutput = "decoder_cross_attention_output"
  case decoderCrossKeyInput = "decoder_cross_key_input"
  case decoderCrossValueInput = "decoder_cross_value_input"
  case decoderCrossResidualMiddle = "decoder_cross_residual_middle"
  /// An image, `[pixels, channels]`, as all sites of convolutional models are; its rows are pixels.
  case pixelValues = "pixel_values"
  /// A ResNet's first convolution, before its norm.
  case embedderConvolutionOutput = "embedder_convolution_output"
  /// The same after its norm.
  case embedderNormalizationOutput = "embedder_normalization_output"
  /// The same after its nonlinearity, before the pooling.
  case embedderActivation = "embedder_activation"
  /// What the first block reads.
  case embedderOutput = "embedder_output"
  /// What a block's convolutions read, after the shortcut has taken the block's input.
  case conv0Input = "conv_0_input"
  /// A block's first convolution before its norm, as are those of the other two.
  case conv0ConvolutionOutput = "conv_0_convolution_output"
  case conv1ConvolutionOutput = "conv_1_convolution_output"
  case conv2ConvolutionOutput = "conv_2_convolution_output"
  /// A block's first convolution after its norm, as are those of the other two.
  case conv0NormalizationOutput = "conv_0_normalization_output"
  case conv1NormalizationOutput = "conv_1_normalization_output"
  case conv2NormalizationOutput = "conv_2_normalization_output"
  /// A block's first convolution after its norm and, unless it is the block's last, its
  /// nonlinearity; as are those of the other two.
  case conv0Output = "conv_0_output"
  case conv1Output = "conv_1_output"
  case conv2Output = "conv_2_output"
  /// What a block's shortcut reads.
  case shortcutInput = "shortcut_input"
  /// A shortcut's convolution before its norm.
  case shortcutConvolutionOutput = "shortcut_convolution_output"
  /// What is added to a block's convolutions: its input, or that convolved.
  case shortcutOutput = "shortcut_output"
  /// The sum of a block's convolutions and its shortcut, before the nonlinearity.
  case blockPreactivation = "block_preactivation"
  /// The mean of each channel over the image.
  case poolerOutput = "pooler_output"

  /// The site whose tensor this one splits into heads; itself where nothing is split.
  public var unsplit: Site {
    switch self {
    case .headQueryOutput: .queryOutput
    case .headKeyOutput: .keyOutput
    case .headValueOutput: .valueOutput
    case .headAttentionValueOutput: .attentionValueOutput
    case .encoderHeadQueryOutput: .encoderQueryOutput
    case .encoderHeadKeyOutput: .encoderKeyOutput
    case .encoderHeadValueOutput: .encoderValueOutput
    case .encoderHeadAttentionValueOutput: .encoderAttentionValueOutput
    case .decoderHeadQueryOutput: .decoderQueryOutput
    case .decoderHeadKeyOutput: .decoderKeyOutput
    case .decoderHeadValueOutput: .decoderValueOutput
    case .decoderHeadAttentionValueOutput: .decoderAttentionValueOutput
    case .decoderCrossHeadQueryOutput: .decoderCrossQueryOutput
    case .decoderCrossHeadKeyOutput: .decoderCrossKeyOutput
    case .decoderCrossHeadValueOutput: .decoderCrossValueOutput
    case .decoderCrossHeadAttentionValueOutput: .decoderCrossAttentionValueOutput
    default: self
    }
  }

  /// The site in whose rows this one's stand side by side with others as wide, and its place among
  /// them; nil of a site that is no part. Queries, keys and values are parts where a model shows them
  /// as one.
  public var part: (whole: Site, index: Int, of: Int)? {
    switch self {
    case .queryOutput, .headQueryOutput: (.qkvOutput, 0, 3)
    case .keyOutput, .headKeyOutput: (.qkvOutput, 1, 3)
    case .valueOutput, .headValueOutput: (.qkvOutput, 2, 3)
    case .resetX2HOutput: (.x2hOutput, 0, 3)
    case .updateX2HOutput: (.x2hOutput, 1, 3)
    case .newX2HOutput: (.x2hOutput, 2, 3)
    case .resetH2HOutput: (.h2hOutput, 0, 3)
    case .updateH2HOutput: (.h2hOutput, 1, 3)
    case .newH2HOutput: (.h2hOutput, 2, 3)
    default: nil
    }
  }

  /// The sites of a transformer's block that the reference names too.
  public static let decoderSites: [Site] = [
    .blockInput, .blockOutput, .attentionInput, .queryOutput, .keyOutput, .valueOutput,
    .headQueryOutput, .headKeyOutput, .headValueOutput, .attentionWeight, .attentionValueOutput,
    .headAttentionValueOutput, .attentionOutput, .mlpInput, .mlpActivation, .mlpOutput,
  ]

  /// The sites of a gated recurrent cell.
  public static let cellSites: [Site] = [
    .cellInput, .stateInput, .x2hOutput, .h2hOutput, .resetX2HOutput, .updateX2HOutput,
    .newX2HOutput,
    .resetH2HOutput, .updateH2HOutput, .newH2HOutput, .resetGateInput, .updateGateInput,
    .newGateInput, .resetGateOutput, .updateGateOutput, .newGateOutput, .cellOutput,
  ]

  /// Whether the value is addressed by head and position; sense vectors always are.
  public var isSplitIntoHeads: Bool { unsplit != self || self == .senseNetworkOutput }

  /// Whether a change at one position reaches later positions in the same block.
  public var reachesLaterPositionsInItsBlock: Bool {
    switch unsplit {
    case .blockInput, .attentionInput, .keyOutput, .valueOutput, .senseNetworkOutput, .qkvOutput,
      .keyInput, .valueInput, .keyNormOutput, .tokenEmbeddingOutput, .positionEmbeddingOutput:
      true
    default: false
    }
  }

  /// Whether it is a value of a decoder's blocks, not one before or after them all.
  public var isInBlock: Bool {
    switch own {
    case .tokenEmbeddingOutput, .positionEmbeddingOutput, .finalNormOutput, .logits: false
    default: true
    }
  }
}
