// SentencePiece's processor behind a C interface: no exception, no C++ type and no status leaves it.
// Functions that can fail return a message that csp_free takes, or null.
#ifndef SENTENCEPIECE_SHIM_H
#define SENTENCEPIECE_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csp_model csp_model;

// A piece, and the bytes of the text that it stands for.
typedef struct {
  int32_t id;
  uint32_t begin;
  uint32_t end;
} csp_piece;

// Loads a model from the bytes of its file, which must have been checked.
char *csp_open(const void *bytes, size_t count, csp_model **model);
void csp_close(csp_model *model);

// The pieces of a text in UTF-8; csp_free takes them.
char *csp_encode(const csp_model *model, const char *text, size_t count, csp_piece **pieces,
                 size_t *piece_count);

// The text of pieces, every id of which must be one of the model's; csp_free takes it.
char *csp_decode(const csp_model *model, const int32_t *ids, size_t count, char **text,
                 size_t *text_count);

void csp_free(void *memory);

#ifdef __cplusplus
}
#endif

#endif
