public import Autodiff
public import Tensors

/// A language model that can read what it makes itself: past the prompt, embeddings in the place of tokens.
public protocol SelfFedModel<Scalar>: TrainableModel {
  /// The embeddings of all tokens, as the model reads them, as a map from weights of tokens,
  /// `[examples, vocabulary]`, to their mean, `[examples, width]`; nil where what it reads hangs on more
  /// than the token, or where tokens cannot follow one another. Made anew at each call.
  var fedEmbeddings: FrozenLinear<Scalar>? { get }

  /// The logits of each example's last position, `[examples, vocabulary]`.
  ///
  /// - Parameters:
  ///   - tokens: Of the whole sequences; those past the prompts only say how long they are.
  ///   - prompts: The lengths of the prompts.
  ///   - inputs: For each position past the prompts what is read there, `[examples, width]`.
  ///   - visit: Called with each site's value, and gives the one that takes its place.
  /// - Precondition: `fedEmbeddings` is not nil.
  func lastLogits(
    _ tokens: [[Int]], prompts: [Int], inputs: [Variable<Scalar>], on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>
}
