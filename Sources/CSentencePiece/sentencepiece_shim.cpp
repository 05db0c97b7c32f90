#include "sentencepiece_shim.h"

#include <sentencepiece_processor.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

struct csp_model {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {

char *copy(const std::string &text) {
  char *result = static_cast<char *>(std::malloc(text.size() + 1));
  if (result != nullptr) std::memcpy(result, text.c_str(), text.size() + 1);
  return result;
}

char *message(const std::string &text) {
  char *result = copy(text.empty() ? "an error without a message" : text);
  // A failure must not look like success: without memory for a few bytes nothing can go on.
  if (result == nullptr) std::abort();
  return result;
}

// Runs what may fail in C++'s way, and returns what it says.
template <typename Body>
char *guarded(Body body) {
  try {
    return body();
  } catch (const std::exception &error) {
    return message(error.what());
  } catch (...) {
    return message("an unknown exception");
  }
}

}  // namespace

extern "C" {

char *csp_open(const void *bytes, size_t count, csp_model **model) {
  *model = nullptr;
  return guarded([&]() -> char * {
    auto result = std::make_unique<csp_model>();
    const auto status = result->processor.LoadFromSerializedProto(
        absl::string_view(static_cast<const char *>(bytes), count));
    if (!status.ok()) return message(status.ToString());
    *model = result.release();
    return nullptr;
  });
}

void csp_close(csp_model *model) { delete model; }

char *csp_encode(const csp_model *model, const char *text, size_t count, csp_piece **pieces,
                 size_t *piece_count) {
  *pieces = nullptr;
  *piece_count = 0;
  return guarded([&]() -> char * {
    const auto found = model->processor.EncodeAsImmutableProto(absl::string_view(text, count));
    const size_t size = found.pieces_size();
    auto *result = static_cast<csp_piece *>(std::malloc(size * sizeof(csp_piece) + 1));
    if (result == nullptr) return message("no memory");
    for (size_t i = 0; i < size; ++i) {
      const auto piece = found.pieces(static_cast<int>(i));
      result[i].id = static_cast<int32_t>(piece.id());
      result[i].begin = piece.begin();
      result[i].end = piece.end();
    }
    *pieces = result;
    *piece_count = size;
    return nullptr;
  });
}

char *csp_decode(const csp_model *model, const int32_t *ids, size_t count, char **text,
                 size_t *text_count) {
  *text = nullptr;
  *text_count = 0;
  return guarded([&]() -> char * {
    std::string result;
    const auto status =
        model->processor.Decode(std::vector<int>(ids, ids + count), &result);
    if (!status.ok()) return message(status.ToString());
    *text = copy(result);
    *text_count = result.size();
    return *text != nullptr ? nullptr : message("no memory");
  });
}

void csp_free(void *memory) { std::free(memory); }

}  // extern "C"
