r"""Partial differential equations found in fields that were measured on a grid.

Both sides of :math:`\partial_t^o u = \sum_k c_k\, \partial^{\alpha_k} m_k(u)`, m products of fields, are
integrated against smooth bumps, whose derivatives take the place of those of the fields (the weak form;
Messenger & Bortz 2021, *Journal of Computational Physics* 443). What noise adds to the normal equations of
these integrals is known to first order and taken out, and says how much of a misfit is noise (after Bortz,
Messenger & Dukic 2023, *Bulletin of Mathematical Biology* 85).
"""
