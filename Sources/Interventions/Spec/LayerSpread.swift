internal import Inputs

/// Lists with an item for each representation as written, which become lists with one for each layer.
struct LayerSpread {
  let written: Int
  /// The number of each representation's written one.
  let origins: [Int]
  /// The layer of each that shares its written one with others.
  let layers: [Int?]
  var places: WrittenPlaces
  /// Whether sources are those of groups.
  var isGrouped = false

  mutating func list(_ value: JSON, at path: String) -> JSON {
    guard case .array(let items) = value, items.count == written, written != origins.count,
      !items.allSatisfy({ if case .number = $0 { true } else { false } })
    else { return value }
    places.add(path, origins.map { "\(path)[\($0)]" }, layers: layers)
    return .array(origins.map { items[$0] })
  }

  /// A field of a specification or of a batch.
  ///
  /// - Parameter path: Where it stands.
  mutating func call(_ key: String, _ value: JSON, at path: String) -> JSON {
    switch key {
    case "source_representations": return list(value, at: path)
    case "subspaces": return value.isListOfNumbersOrNames ? value : list(value, at: path)
    case "sources":
      // One source is that of all.
      if case .array(let items) = value, items.count == 1 || isGrouped { return value }
      return list(value, at: path)
    case "unit_locations":
      guard case .object(let object) = value else { return value }
      var result = JSONObject()
      for (key, value) in object.members {
        let here = "\(path).\(key)"
        let own: JSON
        if key.contains("->"), case .array(let sides) = value, sides.count == 2 {
          own = .array(
            sides.enumerated().map {
              $1.isListOfNumbersOrNames ? $1 : list($1, at: "\(here)[\($0)]")
            })
        } else {
          // A list of places is that of all.
          own = value.isListOfNumbersOrNames ? value : list(value, at: here)
        }
        _ = result.insert(own, forKey: key)
      }
      return .object(result)
    default: return value
    }
  }

  mutating func training(_ value: JSON, at path: String) -> JSON {
    guard case .object(let object) = value else { return value }
    var result = JSONObject()
    for (key, value) in object.members {
      guard ["batches", "evaluate"].contains(key), case .array(let batches) = value else {
        _ = result.insert(value, forKey: key)
        continue
      }
      let own = batches.enumerated().map { number, batch -> JSON in
        guard case .object(let fields) = batch else { return batch }
        return .object(
          fields.members.reduce(into: JSONObject()) {
            let here = "\(path).\(key)[\(number)].\($1.key)"
            _ = $0.insert(call($1.key, $1.value, at: here), forKey: $1.key)
          })
      }
      _ = result.insert(.array(own), forKey: key)
    }
    return .object(result)
  }
}
