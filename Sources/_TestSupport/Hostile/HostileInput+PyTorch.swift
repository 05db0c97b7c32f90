private func archive(_ change: (inout Zip) -> Void = { _ in }) -> [UInt8] {
  var zip = Zip(pickle: Pickle.state { $0.tensor(shape: [8], strides: [1]) })
  change(&zip)
  return zip.bytes
}

/// An archive with another pickle.
private func pickled(_ pickle: [UInt8]) -> [UInt8] { Zip(pickle: pickle).bytes }

/// An archive in which some bytes are others, found by what they are.
private func replaced(_ old: [UInt8], _ new: [UInt8], last: Bool = false) -> [UInt8] {
  var bytes = archive()
  let places = bytes.indices.filter { bytes[$0...].starts(with: old) }
  guard let place = last ? places.last : places.first else { return [] }
  bytes.replaceSubrange(place..<(place + old.count), with: new)
  return bytes
}

private func file(
  _ name: String, _ terms: String?, _ bytes: @Sendable @escaping () -> [UInt8]
) -> HostileInput { HostileInput("pytorch/\(name).bin", terms, bytes) }

extension HostileInput {
  static let ofPyTorch: [HostileInput] = archives + pickles

  private static let archives: [HostileInput] = [
    file("whole", nil) { archive() },
    file("whole-zip64", nil) { archive { $0.isExtended = true } },
    file("end-record-alone", "zip") {
      Array("PK\u{5}\u{6}".utf8) + [UInt8](repeating: 0, count: 18)
    },
    file("no-end-record", "end record;truncated") { Array(archive().dropLast()) },
    file("a-comment", "comment") { Array(archive().dropLast(2)) + [3, 0] + Array("abc".utf8) },
    file("bytes-behind", "end record") { archive() + [0] },
    file("compressed", "compressed|deflated") {
      // Method 8 in the directory's first entry, whose header begins PK 1 2.
      let header = Array("PK\u{1}\u{2}".utf8) + [10, 0, 10, 0, 0, 0]
      return replaced(header + [0, 0], header + [8, 0])
    },
    file("encrypted", "encrypted") {
      let header = Array("PK\u{1}\u{2}".utf8) + [10, 0, 10, 0]
      return replaced(header + [0, 0], header + [1, 0])
    },
    file("local-header-of-another-name", "header") {
      replaced(Array("a/data.pkl".utf8), Array("a/evil.pkl".utf8))
    },
    file("directory-of-another-name", "data.pkl|header") {
      replaced(Array("a/data.pkl".utf8), Array("a/evil.pkl".utf8), last: true)
    },
    file("directory-too-long", "directory|zip64") {
      archive {
        $0.surplus = 1; $0.isExtended = true
      }
    },
    HostileInput("pytorch/directory-of-holes.bin", "directory;limit", size: nil) {
      let start = Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 26)
      return start + Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0] + [255, 0, 255, 0]
        + littleEndian(UInt32(200 << 20)) + littleEndian(UInt32(30)) + [0, 0]
    },
    file("pickle-damaged", "a/data.pkl;crc-32") { archive { $0.crcs["a/data.pkl"] = 1 } },
    file("storage-damaged", "a/data/0;crc-32") { archive { $0.crcs["a/data/0"] = 1 } },
    file("big-endian", "byteorder;big") {
      Zip(pickle: Pickle.state { $0.tensor(shape: [8], strides: [1]) }, order: "big").bytes
    },
    file("no-version", "version") { archive { $0.entries.removeAll { $0.name == "a/version" } } },
    file("version-99", "version;99") {
      archive { zip in
        zip.entries.removeAll { $0.name == "a/version" }
        zip.entries.append(("a/version", Array("99\n".utf8)))
      }
    },
    file("torchscript", "torchscript") { archive { $0.entries.append(("a/constants.pkl", [])) } },
    file("two-pickles", "2 entries") { archive { $0.entries.append(("b/data.pkl", [])) } },
    file("no-pickle", "0 entries;data.pkl") { Zip([("a/version", [0x33])]).bytes },
    file("an-entry-outside", "b/x;outside") { archive { $0.entries.append(("b/x", [1])) } },
    file("a-way-up", "..") { archive { $0.entries.append(("a/../../x", [1])) } },
    file("an-absolute-name", "/etc/x") { archive { $0.entries.append(("/etc/x", [1])) } },
    file("a-backslash", "path|name") { archive { $0.entries.append(("a\\x", [1])) } },
    file("an-entry-twice", "a/x;duplicate") {
      archive { $0.entries += [("a/x", [1]), ("a/x", [2])] }
    },
    file("no-storage", "w;a/data/0") { archive { $0.entries.removeAll { $0.name == "a/data/0" } } },
    file("a-short-storage", "w;31|28") {
      archive { zip in
        zip.entries.removeAll { $0.name == "a/data/0" }
        zip.entries.append(("a/data/0", [UInt8](repeating: 0, count: 28)))
      }
    },
    file("legacy", "legacy") {
      [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8] + Array("P\u{19}.".utf8)
    },
  ]

  private static let pickles: [HostileInput] = [
    file("shell", "posix.system|os.system") {
      pickled(Pickle().global("posix", "system").string("true").raw([0x85]).raw("R.").bytes)
    },
    file("eval", "builtins.eval") {
      pickled(Pickle().global("builtins", "eval").string("1").raw([0x85]).raw("R.").bytes)
    },
    file("torch-load", "torch.load") {
      pickled(Pickle().global("torch", "load").string("x").raw([0x85]).raw("R.").bytes)
    },
    file("getattr-by-stack", "builtins.getattr") {
      pickled(
        Pickle(proto: 4).raw([0x8C, 8]).raw("builtins").raw([0x8C, 7]).raw("getattr")
          .raw([0x93]).raw(".").bytes)
    },
    file("name-of-no-strings", "STACK_GLOBAL") {
      pickled(Pickle(proto: 4).raw("NN").raw([0x93]).bytes)
    },
    file("instance", "INST;os.system") { pickled(Pickle().raw("(ios\nsystem\n.").bytes) },
    file("extension", "EXT1") { pickled(Pickle().raw([0x82, 1]).bytes) },
    file("protocol-9", "protocol 9") { pickled(Pickle(proto: 9).raw("}.").bytes) },
    file("empty-pickle", "truncated") { pickled([]) },
    file("no-stop", "truncated") { pickled(Pickle().raw("}").bytes) },
    file("stop-on-nothing", "STOP") { pickled(Pickle().raw(".").bytes) },
    file("pop-of-nothing", "stack") { pickled(Pickle().raw([0x85]).raw(".").bytes) },
    file("memo-of-nothing", "memo;77") { pickled(Pickle().raw("h").raw([77]).raw(".").bytes) },
    file("string-of-4-gib", "4294967295;truncated") {
      pickled(Pickle().raw("X").raw([255, 255, 255, 255]).bytes)
    },
    file("string-of-2-to-63", "9223372036854775808;truncated") {
      pickled(Pickle(proto: 4).raw([0x8D]).raw(littleEndian(UInt64(1) << 63)).bytes)
    },
    file("integer-of-255-bytes", "255 bytes") {
      pickled(Pickle().raw([0x8A, 255]).raw([UInt8](repeating: 1, count: 255)).bytes)
    },
    file("a-list", "list") { pickled(Pickle().raw("].").bytes) },
    file("a-float-as-value", "w;BINFLOAT|floating") {
      pickled(Pickle.state { $0.raw("G").raw([UInt8](repeating: 0, count: 8)) })
    },
    file("none-as-value", "w;none") { pickled(Pickle.state { $0.raw("N") }) },
    file("a-number-as-key", "key") {
      pickled(Pickle().raw("}").raw("K").raw([1]).raw("Ns.").bytes)
    },
    file("memo-without-end", "memo;limit") {
      pickled(Pickle().raw("}").raw([UInt8](repeating: 0x94, count: 2 << 20)).bytes)
    },
    file("values-without-end", "stack|values") {
      pickled(Pickle().raw([UInt8](repeating: 0x7D, count: 2 << 20)).bytes)
    },
    file("tuples-of-tuples", "nested") {
      pickled(Pickle().raw(")").raw([UInt8](repeating: 0x85, count: 100_000)).bytes)
    },
    file("shape-negative", "w;-8") {
      pickled(Pickle.state { $0.tensor(shape: [-8], strides: [1]) })
    },
    file("shape-past-the-storage", "w;storage of 8") {
      pickled(Pickle.state { $0.tensor(shape: [9], strides: [1]) })
    },
    file("shape-past-63-bits", "w;too large") {
      pickled(Pickle.state { $0.tensor(shape: [.max, .max], strides: [1, 1]) })
    },
    file("expanded-to-2-to-40", "w;too large") {
      pickled(Pickle.state { $0.tensor(shape: [1 << 40], strides: [0]) })
    },
    file("stride-negative", "w;strides;-1") {
      pickled(Pickle.state { $0.tensor(shape: [8], strides: [-1]) })
    },
    file("rank-9", "w;9") {
      pickled(
        Pickle.state {
          $0.tensor(shape: [Int](repeating: 1, count: 9), strides: [Int](repeating: 1, count: 9))
        })
    },
    file("storage-outside", "w;../secret") {
      pickled(Pickle.state { $0.tensor(shape: [8], strides: [1], key: "../secret") })
    },
    file("storage-of-another-type", "w;DoubleStorage|F64") {
      pickled(Pickle.state { $0.tensor(shape: [8], strides: [1], storage: "DoubleStorage") })
    },
    file("storage-unheard-of", "torch.QInt8Storage") {
      pickled(Pickle.state { $0.tensor(shape: [8], strides: [1], storage: "QInt8Storage") })
    },
    file("storage-of-minus-one", "0;-1") {
      pickled(Pickle.state { $0.tensor(shape: [8], strides: [1], count: -1) })
    },
  ]
}
