public import Inputs

extension FixedOrderSum {
  /// The sum of all contributions, on every rank. Collective; all ranks throw the same.
  ///
  /// - Parameter step: What is summed, such as the number of the training step; ranks that
  ///   disagree are refused instead of added.
  /// - Throws: A refusal where the ranks' parts do not make one sum, or a rank is lost.
  public consuming func total(
    on communicator: Communicator, step: Int
  ) throws(Refusal) -> [Element] {
    let card = SumCard(
      step: step, count: count, length: length, stride: MemoryLayout<Element>.stride,
      nodes: Array(nodes.keys))
    let cards = try mpiRefusal { () throws(MPIError) in
      var cards: [SumCard] = []
      for bytes in try communicator.allGather(card.encoded) { cards.append(try SumCard(bytes)) }
      return cards
    }
    let owners = try SumCard.owners(of: cards, tree: tree, name: communicator.name)
    guard count > 0 else { return Array(repeating: .zero, count: length) }
    let exchange = SumExchange(
      tree: tree, owners: owners, values: nodes, length: length, on: communicator)
    return try mpiRefusal { () throws(MPIError) in try exchange.run().values }
  }

  /// The sum where this rank has all contributions.
  ///
  /// - Throws: A refusal where one is missing.
  public consuming func total() throws(Refusal) -> [Element] {
    guard count > 0 else { return Array(repeating: .zero, count: length) }
    guard nodes.count == 1, let whole = nodes[tree.root] else {
      throw Refusal(
        .cluster, field: "sum", found: "\(nodes.count) parts",
        expected: "all \(count) contributions on this rank")
    }
    return whole.values
  }
}
