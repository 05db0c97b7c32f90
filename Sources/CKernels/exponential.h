// exp, tanh and erf for the vectoriser: no branch, no call.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

// Relative error 7e-8 (Cephes' polynomial, Moshier 1992).
static inline __attribute__((always_inline)) float exp_f32(float x) {
#pragma clang fp reassociate(off)
  float z = x < -87.3f ? -87.3f : x;  // NaN passes through both
  z = z > 88.7228317f ? 88.7228317f : z;
  float t = z * 1.44269504f + 12582912.0f, n = t - 12582912.0f;  // low bits of t: round(z log2 e)
  float r = z - n * 0.693359375f + n * 2.12194440e-4f, p = 1.98756915e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t tb, pb;
  memcpy(&tb, &t, 4);
  memcpy(&pb, &p, 4);
  pb += tb << 23;
  memcpy(&p, &pb, 4);
  p = x < -87.3f ? 0.0f : p;
  p = x > 88.7228317f ? INFINITY : p;
  return x == x ? p : x;  // the shift above can make a number of a NaN with low bits set
}

// tanh for the vectoriser, relative error 2e-7 down to zero (Cephes' polynomial below 0.625).
static inline __attribute__((always_inline)) float tanh_f32(float x) {
#pragma clang fp reassociate(off)
  float z = x * x, p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  p = x * (p * z + 1);  // keeps the sign of zero
  float far = 1 - 2 / (exp_f32(2 * x) + 1);
  return z < 0.390625f ? p : far;
}

// erf for the vectoriser, absolute error 1.4e-7: by erf(x) / x in x² below 1, by -log(1 - erf(x)) in
// x above, both fitted to the least largest error; from 3.95 on it is 1.
static inline __attribute__((always_inline)) float erf_f32(float x) {
#pragma clang fp reassociate(off)
  float a = __builtin_fabsf(x), z = a * a, p = 7.889122935e-5f;
  p = p * z - 8.0208422150e-4f;
  p = p * z + 5.1895356737e-3f;
  p = p * z - 2.6854444295e-2f;
  p = p * z + 1.1283600330e-1f;
  p = p * z - 3.7612625957e-1f;
  p = p * z + 1.1283791065f;
  float b = a > 3.95f ? 3.95f : a, q = -9.1016389e-8f;  // NaN passes
  q = q * b + 2.2995060135e-5f;
  q = q * b - 4.4939527287e-4f;
  q = q * b + 4.2323595844e-3f;
  q = q * b - 2.5266997516e-2f;
  q = q * b + 1.0849647969e-1f;
  q = q * b + 6.3315653801e-1f;
  q = q * b + 1.1296073198f;
  q = q * b - 1.9370448718e-4f;
  float far = __builtin_copysignf(1 - exp_f32(-q), x);
  return a < 1 ? x * p : far;
}

static inline __attribute__((always_inline)) double exp_f64(double x) { return exp(x); }
static inline __attribute__((always_inline)) double tanh_f64(double x) { return tanh(x); }
static inline __attribute__((always_inline)) double erf_f64(double x) { return erf(x); }
