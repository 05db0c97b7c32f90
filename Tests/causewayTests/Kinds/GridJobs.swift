/// A specification with a grid, of a small model.
enum GridJobs {
  static func rows(_ count: Int) -> String {
    "\((0..<count).map { number in (0..<12).map { (11 * number + 5 * $0 + 1) % 60 } })"
  }

  static let intervene = """
    kind = "forward"
    model = "model"
    unit_locations = { "sources->base" = 2 }
    [base]
    input_ids = \(rows(3))
    [[sources]]
    input_ids = \(rows(3).replacing("[1, ", with: "[9, "))
    [[representations]]
    layer = 0
    component = "block_output"
    [grid]
    "representations.layer" = [1, 3]
    "unit_locations.sources->base" = [2, 5]
    [metric]
    store = ["probability", "kl", "top_k_match"]
    [run]
    naive = false
    """

  /// The sources have as many examples as the base.
  static func sized(_ count: Int) -> [(String, String)] {
    [
      (rows(3), rows(count)),
      (
        rows(3).replacing("[1, ", with: "[9, "), rows(count).replacing("[1, ", with: "[9, ")
      ),
    ]
  }
}
