"""Warp kernels of the renderer: skinning, projection, rasterising, ray casting and shading.

One source runs on the processor and on a GPU. People are rasterised (they move and their triangles
are tiny); the place around them is ray cast once per camera. A pixel has four samples, spread over
the pixel *and* over the exposure, so anti-aliasing and motion blur are the same thing.

Shading is Lambertian with a soft gloss term, light through shadow maps, and ambient light darkened
by what stands near. Colours are linear.
"""
