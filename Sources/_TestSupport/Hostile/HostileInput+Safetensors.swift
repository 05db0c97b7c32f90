/// A header with one tensor `w`, `F32 [2, 4]`, of which one part is replaced.
private func one(
  dtype: String = "\"F32\"", shape: String = "[2,4]", offsets: String = "[0,32]",
  more: String = ""
) -> [UInt8] {
  safetensors(
    "{\"w\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)\(more)}}",
    data: [UInt8](repeating: 1, count: 32))
}

extension HostileInput {
  static let ofSafetensors: [HostileInput] =
    headers
    + fields.enumerated().map { number, change in
      HostileInput("safetensors/field-\(number).safetensors", change.terms) {
        switch change.field {
        case "dtype": one(dtype: change.text)
        case "shape": one(shape: change.text)
        case "offsets": one(offsets: change.text)
        default: one(more: change.text)
        }
      }
    }

  private static let headers: [HostileInput] = [
    HostileInput("safetensors/whole.safetensors", nil) { one() },
    HostileInput("safetensors/spaces.safetensors", nil) {
      one(shape: "[ 2 ,\t4 ]", offsets: "[\n0 , 32\r\n]")
    },
    // The longest header there may be, of which one byte is on the disk.
    HostileInput("safetensors/header-of-holes.safetensors", "header;control", size: 100_000_008) {
      littleEndian(UInt64(100_000_000)) + Array("{\"w\":".utf8)
    },
    HostileInput(
      "safetensors/header-closed-after-holes.safetensors", "header;control"
    ) {
      littleEndian(UInt64(3_000_000)) + Array("{".utf8)
        + [UInt8](repeating: 0, count: 2_999_998) + Array("}".utf8)
    },
    HostileInput("safetensors/only-length.safetensors", "header") {
      littleEndian(UInt64(2))
    },
    HostileInput("safetensors/unclosed-string.safetensors", "header;json") {
      safetensors("{\"w}")
    },
    HostileInput("safetensors/trailing-comma.safetensors", "header;key|json") {
      safetensors("{\"__metadata__\":{},}")
    },
    HostileInput("safetensors/comment.safetensors", "header;json") {
      safetensors("{/* weights */}")
    },
    HostileInput("safetensors/two-objects.safetensors", "header;json|after") {
      safetensors("{}{}")
    },
    HostileInput("safetensors/nested-objects.safetensors", "header|w;nest|deep") {
      safetensors(
        String(repeating: "{\"w\":", count: 5_000) + "1" + String(repeating: "}", count: 5_000))
    },
    HostileInput("safetensors/half-surrogate.safetensors", "header;surrogate") {
      safetensors("{\"\\udc00\":{}}")
    },
    HostileInput("safetensors/overlong-utf8.safetensors", "header;utf-8") {
      littleEndian(UInt64(9)) + Array("{\"".utf8) + [0xC0, 0x80] + Array("\":1} ".utf8)
    },
    HostileInput("safetensors/long-name.safetensors", "F33;…") {
      safetensors(
        "{\"\(String(repeating: "w", count: 1 << 20))\":{\"dtype\":\"F33\",\"shape\":[],"
          + "\"data_offsets\":[0,0]}}")
    },
    HostileInput("safetensors/name-that-turns-the-line.safetensors", "F33;\\u{202e};\\u{2028}") {
      safetensors(
        "{\"a\u{202E}b\u{2028}c\":{\"dtype\":\"F33\",\"shape\":[],\"data_offsets\":[0,0]}}")
    },
    HostileInput("safetensors/metadata-null.safetensors", "__metadata__;null") {
      safetensors("{\"__metadata__\":null}")
    },
    HostileInput("safetensors/metadata-twice.safetensors", "__metadata__;duplicate") {
      safetensors("{\"__metadata__\":{},\"__metadata__\":{}}")
    },
    HostileInput("safetensors/metadata-key-twice.safetensors", "__metadata__;a;duplicate") {
      safetensors("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}")
    },
    HostileInput("safetensors/metadata-nested.safetensors", "__metadata__;a;object") {
      safetensors("{\"__metadata__\":{\"a\":{}}}")
    },
    HostileInput("safetensors/entry-null.safetensors", "w;null;object") {
      safetensors("{\"w\":null}")
    },
    HostileInput("safetensors/entry-array.safetensors", "w;array;object") {
      safetensors("{\"w\":[]}")
    },
    HostileInput("safetensors/empty-tensor-past-the-end.safetensors", "e.data_offsets") {
      safetensors("{\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}}")
    },
    HostileInput("safetensors/same-bytes-twice.safetensors", "b.data_offsets;overlap") {
      safetensors(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        data: [UInt8](repeating: 0, count: 8))
    },
    HostileInput(
      "safetensors/data-of-holes.safetensors", "data;17179869087;trailing", size: 1 << 34
    ) {
      one()
    },
    HostileInput("safetensors/zip.safetensors", "header;zip") {
      Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0x14, count: 60)
    },
    HostileInput("safetensors/pickle.safetensors", "header;pickle") {
      [0x80, 2] + [UInt8](repeating: 0x7D, count: 60)
    },
  ]

  private static let fields: [(field: String, text: String, terms: String)] = [
    ("dtype", "\"f32\"", "w.dtype;f32"), ("dtype", "null", "w.dtype;null"),
    ("dtype", "32", "w.dtype;32"), ("dtype", "\"F8_E4M3\"", "w.dtype;F8_E4M3"),
    ("dtype", "\"\"", "w.dtype"), ("dtype", "[\"F32\"]", "w.dtype;array"),
    ("shape", "null", "w.shape;null"), ("shape", "8", "w.shape;8"),
    ("shape", "{}", "w.shape;object"), ("shape", "[8.0]", "w.shape;8.0"),
    ("shape", "[8e0]", "w.shape;8e0"), ("shape", "[true]", "w.shape;true"),
    ("shape", "[[8]]", "w.shape;array"), ("shape", "[-8]", "w.shape;-8"),
    ("shape", "[9223372036854775808]", "w.shape;9223372036854775808"),
    ("shape", "[18446744073709551624]", "w.shape;18446744073709551624"),
    ("shape", "[4611686018427387904,2]", "w.shape;too large"),
    ("shape", "[2,4,0]", "w;32;0"), ("shape", "[08]", "header|shape;zero"),
    ("shape", "[1,1,1,1,1,1,1,1,8]", "w.shape;9 dimensions"),
    ("offsets", "null", "w.data_offsets;null"), ("offsets", "[]", "w.data_offsets;0 numbers"),
    ("offsets", "[0]", "w.data_offsets;1 numbers"), ("offsets", "32", "w.data_offsets;32"),
    ("offsets", "[\"0\",\"32\"]", "w.data_offsets;string"),
    ("offsets", "[0,32.0]", "w.data_offsets;32.0"), ("offsets", "[0,3.2e1]", "w.data_offsets"),
    ("offsets", "[9223372036854775776,9223372036854775807]", "w.data_offsets;31"),
    ("offsets", "[32,64]", "w.data_offsets;truncated"),
    ("offsets", "[-9223372036854775808,32]", "w.data_offsets"),
    ("more", ",\"strides\":[4,1]", "w;strides"), ("more", ",\"dtype\":\"F32\"", "w;dtype"),
  ]
}
