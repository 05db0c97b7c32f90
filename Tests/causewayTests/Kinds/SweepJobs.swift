/// Jobs that patch and ablate a small model.
enum SweepJobs {
  /// Prompts of 12 tokens that differ from their corrupted ones from the second or third on.
  private static let items = (0..<60).map { number in
    let clean = (0..<12).map { (11 * number + 5 * $0 + 1) % 60 }
    var corrupted = clean
    corrupted[1 + number % 2] = 61
    corrupted[7] = 62
    return """
      [[data.items]]
      clean_ids = \(clean)
      corrupted_ids = \(corrupted)
      answer_id = \(number % 50)
      foil_id = \(number % 50 + 3)
      places = { early = \(1 + number % 2), two = [7, 8] }
      """
  }.joined(separator: "\n")

  static let patch = """
    kind = "patch"
    directions = ["denoising", "noising"]
    [model]
    path = "model"
    [data]
    limit = 3
    \(items)
    [[patch]]
    site = "block_output"
    [[patch]]
    name = "heads"
    site = "head_attention_value_output"
    positions = ["early", "two", "last"]
    each_position = true
    [metric]
    store = ["logit_difference", "top_k_match"]
    bootstrap = 20
    [run]
    naive = false
    """

  static let ablate = """
    kind = "ablate"
    ablations = ["zero", "mean", "mean_by_position", "resample"]
    [model]
    path = "model"
    [data]
    limit = 3
    \(items)
    [[ablate]]
    site = "mlp_output"
    [[ablate]]
    name = "heads"
    site = "head_attention_value_output"
    positions = "all"
    [metric]
    bootstrap = 20
    [run]
    naive = false
    """

  static let long = [("limit = 3", "limit = 60"), ("naive = false", "naive = true")]
  static let large = [("limit = 3", "limit = 12")]
}
