#pragma once

/// Inference that may be looked at all the time: the mixture sequential probability ratio test.

namespace stampede {

/// An estimate δ̂ of a difference with its variance, as of one look.
struct NormalEstimate {
  double value = 0;
  double variance = 0;
};

/// Λ of "δ = 0" against δ ~ N(0, τ²): √(V/(V + τ²)) · exp(τ²δ̂²/(2V(V + τ²))) (Johari, Koomen,
/// Pekelis, Walsh: Always Valid Inference, Operations Research 70, 2022, pp. 1806-1821). `tau` is
/// the size of the differences that one hopes to tell; a wrong one costs time, never validity.
double mixture_likelihood_ratio(const NormalEstimate& seen, double tau);

/// The p-value that is valid whenever one stops: the least of 1/Λ so far. `before` is that of the
/// look before, 1 at first.
double always_valid_p(const NormalEstimate& seen, double tau, double before);

/// Half the width of the confidence sequence around δ̂: with probability 1 - alpha the difference
/// lies within it at all looks together.
double always_valid_margin(double variance, double tau, double alpha);

}  // namespace stampede
