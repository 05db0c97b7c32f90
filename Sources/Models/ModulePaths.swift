/// The published names of models' modules, with the sites that they stand for.
enum ModulePaths {
  /// Names within a layer, in the order in which a run of the published implementation comes by
  /// those that hold the same value.
  typealias Modules = [(key: String, value: Site)]

  /// A transformer's modules.
  struct Names {
    /// A module outside of blocks, with its side.
    struct Outside {
      let key: String
      let site: Site
      /// Whether it holds the last block's value and not the first's.
      let isLast: Bool
      /// Whether it stands at the root, whatever the prefix.
      let isBare: Bool
    }

    /// What paths begin with, from the whole model and from barer ones.
    let prefixes: [[String]]
    /// Where the blocks stand after that.
    let list: [String]
    /// Modules of a block, each with its side.
    let inBlock: Modules
    let outside: [Outside]

    /// Where the blocks stand, from the whole model and from barer ones.
    var blocks: [[String]] { prefixes.map { $0 + list } }
    /// Where blocks stand in older implementations, and the modules of one of them.
    var older: (list: [String], inBlock: Modules) = ([], [])

    func site(of parts: [String], layers: Int) -> (site: Site, layer: Int)? {
      if let found = ModulePaths.site(of: parts, under: blocks, inBlock, layers: layers) {
        return found
      }
      let former = prefixes.map { $0 + older.list }
      if let found = ModulePaths.site(of: parts, under: former, older.inBlock, layers: layers) {
        return found
      }
      let rests = prefixes.filter { parts.starts(with: $0) }
        .map { parts[$0.count...].joined(separator: ".") }
      let whole = parts.joined(separator: ".")
      let known = outside.first { rests.contains($0.key) || ($0.isBare && $0.key == whole) }
      guard let found = known else { return nil }
      return (found.site, found.isLast ? layers - 1 : 0)
    }

    /// The whole path of a module outside of blocks.
    func path(of module: Outside) -> String {
      (module.isBare ? [] : prefixes[0]).map { "\($0)." }.joined() + module.key
    }
  }

  /// A transformer's site at a path such as `transformer.h[3].mlp.output` or
  /// `model.layers.0.self_attn.input`.
  static func site(
    of path: String, _ names: Names, layers: Int
  ) -> (site: Site, layer: Int)? {
    names.site(of: parts(of: path), layers: layers)
  }

  static func parts(of path: String) -> [String] {
    path.replacing("[", with: ".").replacing("]", with: "")
      .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// The site of a module of a layer, under one of the paths that layers stand at.
  static func site(
    of parts: [String], under prefixes: [[String]], _ modules: Modules, layers: Int
  ) -> (site: Site, layer: Int)? {
    guard let prefix = prefixes.first(where: { parts.starts(with: $0) }),
      parts.count > prefix.count + 1, let layer = Int(parts[prefix.count]),
      (0..<layers).contains(layer)
    else { return nil }
    let name = parts[(prefix.count + 1)...].joined(separator: ".")
    return modules.first { $0.key == name }.map { ($0.value, layer) }
  }

  /// When a run comes by a component among all that hold the same value: smaller is earlier.
  ///
  /// - Parameter component: The name of a site, which stands for its module, or a module path.
  static func order(of component: String, _ names: Names) -> Int {
    let parts = parts(of: component)
    for rest in parts.indices.map({ parts[$0...].joined(separator: ".") }) {
      guard let place = names.outside.firstIndex(where: { $0.key == rest }) else { continue }
      // All that is outside of blocks lies before the first or after the last.
      let isBefore =
        !names.outside[place].isLast
        && ![.finalNormOutput, .logits].contains(names.outside[place].site)
      return isBefore ? place - names.outside.count : names.inBlock.count + place
    }
    return order(of: component, names.inBlock)
  }

  /// - Parameter outside: The number of paths that lead to no layer.
  static func order(
    of component: String, _ modules: Modules, outside: Int = 0
  ) -> Int {
    if let site = Site(rawValue: component) {
      let names = modules.filter { $0.value == site.part?.whole }.map(\.key)
      let own = names.isEmpty ? modules.filter { $0.value == site.unsplit }.map(\.key) : names
      guard let name = shortest(own) else { return 0 }
      return modules.firstIndex { $0.key == name } ?? 0
    }
    let parts = parts(of: component)
    guard let layer = parts.firstIndex(where: { Int($0) != nil }) else { return outside }
    let name = parts[(layer + 1)...].joined(separator: ".")
    return modules.firstIndex { $0.key == name } ?? outside
  }

  /// The shortest name, which is the module itself, not what lies inside it.
  private static func shortest(_ names: [String]) -> String? {
    names.min { ($0.count, $0) < ($1.count, $1) }
  }

  /// A path that stands for a site, as the family publishes it; nil where no module ends there.
  static func path(of site: Site, layer: Int, _ names: Names) -> String? {
    guard site.isInBlock else {
      return shortest(names.outside.filter { $0.site == site }.map(names.path))
    }
    let candidates = names.inBlock.filter { $0.value == site.unsplit }.map(\.key)
    return shortest(candidates).map { "\(names.blocks[0].joined(separator: "."))[\(layer)].\($0)" }
  }

  /// Every path of a decoder's layer and outside of layers, by bare models' names too, in a fixed
  /// order.
  static func paths(_ names: Names, ofLayer layer: Int, layers: Int) -> [String] {
    let prefixes = (0..<layers).contains(layer) ? names.blocks : []
    let inside = prefixes.flatMap { prefix in
      names.inBlock.map { "\(prefix.joined(separator: "."))[\(layer)].\($0.key)" }
    }
    return
      Set(inside + names.outside.map(names.path) + names.outside.map(\.key)).sorted()
  }
}
